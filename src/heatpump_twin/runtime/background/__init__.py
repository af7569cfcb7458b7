"""Long work on request, in child processes, so that the loop of the twin never waits for it."""
