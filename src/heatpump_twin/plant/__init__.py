"""Run emulated field devices as a process, and call their control port."""
