"""Services over the address space: attributes, method calls, texts by language."""
