"""Rules that raise alarms. Imports `twin_engine`."""
