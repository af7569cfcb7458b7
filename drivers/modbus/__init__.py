"""Modbus: profiles, codec, poll plan, links, driver and emulator."""
