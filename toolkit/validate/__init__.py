"""Great Expectations over datasets of any size.

Modules that run on workers (dataset, columns, conditions, checks, figures, unique) know nothing of
Great Expectations; engine and datasource give it a Dask engine; the rest serves the commands.
"""
