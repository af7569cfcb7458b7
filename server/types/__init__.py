"""The type nodes of all models: imported, packed into one block, and decoded on demand."""
