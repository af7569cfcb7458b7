"""Device profiles: what a datasheet says, the codec of registers and the poll plan. No I/O."""
