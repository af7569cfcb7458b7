"""Modbus requests and responses on TCP, TLS and serial lines: framing, connections, links."""
