"""Corrections of recorded samples: made in the writer's thread, kept with who and when."""
