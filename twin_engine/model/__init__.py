"""The calibrated twin: what a heat pump does, learnt from its own record."""
