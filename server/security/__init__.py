"""Security: users and their roles, password checks, certificates and their trust."""
