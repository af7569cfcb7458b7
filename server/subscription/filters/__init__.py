"""Event filters: select and where clauses, their operators and conversions."""
