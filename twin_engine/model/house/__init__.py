"""The house: walls, sun, people; how it answers to heat, and how that is learnt from a record."""
