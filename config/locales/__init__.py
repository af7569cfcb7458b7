"""The translations of what the server shows, one file per language."""
