"""The OPC UA server's transport: TCP connections, secure channels, sessions and endpoints."""
