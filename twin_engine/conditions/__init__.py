"""What is known of alarms beyond their rules, and survives a restart."""
