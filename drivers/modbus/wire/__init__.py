"""Requests and responses on a line: framing, connections, links."""
