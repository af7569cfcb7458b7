"""The machine: how much electricity a heat pump takes for its heat, with what uncertainty."""
