"""The points of a site as a whole, from those of its heat pumps."""
