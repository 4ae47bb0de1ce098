"""The command line: flags, composition by Hydra, running one job or a sweep."""
