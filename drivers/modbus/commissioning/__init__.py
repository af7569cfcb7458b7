"""Commissioning: scan a gateway, read and write a device by hand, draft profiles from tables."""
