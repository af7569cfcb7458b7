"""What the emulated devices show of the plant's physics, or of a signal generator."""
