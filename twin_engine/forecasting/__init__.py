"""Forecasts of heat pumps for 48 hours: baselines, models, intervals, and what is shown."""
