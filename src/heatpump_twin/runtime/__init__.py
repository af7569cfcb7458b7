"""Run a twin: its parts, child processes, reload, health and metrics."""
