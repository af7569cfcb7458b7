"""The emulated field devices as a process, and a client of their control port."""
