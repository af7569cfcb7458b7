"""Schedules, hot water boosts, disinfections, overrides and fault resets for a user."""
