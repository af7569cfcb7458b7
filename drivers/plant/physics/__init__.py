"""The physics of one heat pump with its house. No I/O."""
