"""The historian: record samples in a database and read them again."""
