"""Recording and training by the command line."""
