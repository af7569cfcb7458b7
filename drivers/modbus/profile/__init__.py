"""What a datasheet says, and how values are read from registers by it. No I/O."""
