"""What people see: one module per page or part of a page."""
