"""Aggregates of monitored items: one value for each interval of time (OPC 10000-4, 7.22.4)."""
