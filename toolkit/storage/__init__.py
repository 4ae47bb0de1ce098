"""Files and datasets on disk: atomic writes, published versions, listing and opening."""
