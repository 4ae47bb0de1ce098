"""What the pages that the toolkit writes have in common."""
