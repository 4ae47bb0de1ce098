"""Clean raw tables: apply rules to vocabularies, then reject duplicates."""
