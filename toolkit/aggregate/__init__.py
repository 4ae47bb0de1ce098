"""Compute the contract's aggregations of clean rows: per partition, merged, finished."""
