"""The dashboard: published aggregations, manifests and reports of runs, looked at in a browser."""
