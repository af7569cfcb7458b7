"""When to start so that it is warm in time: from past heat-ups, with a reserve that adapts."""
