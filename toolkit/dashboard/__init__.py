"""The dashboard: published aggregations, manifests and run reports in a browser."""
