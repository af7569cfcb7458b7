"""Finding devices, reading and writing them by hand, starting profiles from tables."""
