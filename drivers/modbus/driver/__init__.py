"""Drivers of Modbus devices: polled by the poll plan, written with a read-back."""
