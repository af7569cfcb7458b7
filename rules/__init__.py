"""Rules that raise alarms from the image. Imports `twin_engine`."""
