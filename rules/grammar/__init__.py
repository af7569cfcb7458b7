"""The grammar of conditions: a small, safe part of Python's expressions, with units and memory."""
