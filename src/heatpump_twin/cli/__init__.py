"""The command line ``hptwin``: one file a command."""
