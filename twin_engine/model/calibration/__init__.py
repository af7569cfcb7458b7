"""Calibrate models on the record of a heat pump: cards, versions, held-out evidence."""
