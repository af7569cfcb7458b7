"""The mimic: a heat pump as a process picture, drawn from what it has and reports."""
