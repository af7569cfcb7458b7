"""Alarms as an OPC UA server reports them, kept for one person."""
