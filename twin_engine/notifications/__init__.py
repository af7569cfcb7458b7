"""Tell people of alarms: what waits on disk, what is written, and how it is delivered (ADR 25)."""
