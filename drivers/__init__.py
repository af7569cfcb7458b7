"""Read field devices into Frames, and write to them. Imports `config` only."""
