"""The historian: what is recorded, where, and how it is read again."""
