"""What is recorded, how finely, and how it gets into the database, whatever becomes of that."""
