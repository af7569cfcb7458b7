"""Points of the site as a whole: totals, weather and costs from those of its heat pumps."""
