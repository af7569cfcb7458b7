"""Web pages: one module per page or part of a page."""
