"""Forecasts as they were issued: written by models and simulations, read by point and issue."""
