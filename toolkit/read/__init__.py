"""Read CSV files into raw Arrow tables, block by block."""
