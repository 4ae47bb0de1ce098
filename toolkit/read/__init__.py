"""From a CSV file to raw Arrow tables: where it may be cut, and what stands in each piece."""
