"""Services over the address space: read and write attributes, call methods, translate texts."""
