"""Commands: the only way to write to a device, and the audit log of all attempts."""
