"""What a command is set to: the schema of conf/, where files lie, and which commands there are."""
