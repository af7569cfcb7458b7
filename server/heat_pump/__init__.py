"""The nodes of a heat pump: device, points, methods, programs and state machines."""
