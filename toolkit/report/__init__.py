"""The report of a run: facts, progress and resources, in the terminal, as JSON, as a page."""
