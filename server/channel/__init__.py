"""Bytes in, bytes out: connections, sessions, and the services behind a login."""
