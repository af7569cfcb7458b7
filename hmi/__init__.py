"""The operators' web pages: an OPC UA client. Imports `config` only."""
