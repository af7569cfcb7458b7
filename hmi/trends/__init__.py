"""Trends: what is shown, what is read of the history, of the forecasts and of what happened."""
