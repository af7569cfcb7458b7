"""The running twin: wiring, processes, reload, health."""
