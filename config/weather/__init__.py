"""Settings of weather services."""
