"""What was recorded of events: the alarm journal and the log of changes."""
