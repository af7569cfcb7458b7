"""Aggregates: functions of a series and its intervals, and what they share."""
