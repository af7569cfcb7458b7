"""Planner of smart start: asking for it, what is planned, and whether it kept its word."""
