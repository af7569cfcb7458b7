"""Record training history and train models, for the command line."""
