"""Emulated Modbus devices, behind gateways and on serial lines, with faults on demand."""
