"""From raw tables to clean and rejected rows: rules over vocabularies, then duplicates."""
