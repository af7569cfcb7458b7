"""The emulated plant on real Modbus, with a port to control it."""
