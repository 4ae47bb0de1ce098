"""From clean rows to the contract's aggregations: partial aggregates a piece, merged, finished."""
