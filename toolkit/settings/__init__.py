"""Settings of a command: the schema of conf/, the workspace's folders, and the list of commands."""
