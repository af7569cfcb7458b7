"""Settings of who is told of alarms, how, and when not."""
