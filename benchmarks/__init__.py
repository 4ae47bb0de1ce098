"""The same work by the toolkit and by its peers, side by side."""
