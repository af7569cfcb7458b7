"""How samples lie in the database: as they came at first, then in one block per point and span."""
