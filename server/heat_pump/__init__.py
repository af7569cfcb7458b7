"""The nodes of one heat pump: points, methods, programs, state machines."""
