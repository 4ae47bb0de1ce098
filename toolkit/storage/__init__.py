"""Files and datasets on disk: written whole or not at all, published as versions, found again."""
