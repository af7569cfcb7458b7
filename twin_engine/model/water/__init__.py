"""What the water of an installation does: by its heating curve, its tank and the tank's coil."""
