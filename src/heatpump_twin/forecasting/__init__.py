"""Forecasts of a site: made from its history in a process of their own, and judged by it."""
