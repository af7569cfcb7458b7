"""The OPC UA server. Imports `twin_engine`, never `rules` or `hmi`."""
