"""The operators' web pages: an OPC UA client of the twin's server (ADR 4)."""
