"""Weather services: forecasts of the site's weather behind one protocol."""
