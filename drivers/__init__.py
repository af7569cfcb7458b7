"""Field access: Frames in, writes out. Imports `config` only."""
