"""Alarms as OPC UA conditions (OPC 10000-9), and what they make of the device health."""
