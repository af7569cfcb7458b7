"""What-if on the recorded history of a site, for the command line and for a running twin."""
