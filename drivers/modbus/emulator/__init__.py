"""Emulated devices on real Modbus, with faults on demand."""
