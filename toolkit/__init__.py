"""Clean messy sales feeds with Dask: every row is kept clean or rejected with its reason."""
