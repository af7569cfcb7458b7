"""Events that were sent to clients: written as they come, read by time, corrected by EventId."""
