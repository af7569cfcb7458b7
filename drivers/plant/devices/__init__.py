"""What emulated devices show of the physics, or of a signal generator."""
