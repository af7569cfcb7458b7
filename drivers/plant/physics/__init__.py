"""The physics of one heat pump with its house: refrigerant, frost, water, building. No I/O."""
