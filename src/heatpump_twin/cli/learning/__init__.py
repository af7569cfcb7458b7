"""Commands of ``hptwin`` by which models learn."""
