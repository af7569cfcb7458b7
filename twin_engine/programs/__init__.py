"""What the twin does by itself on somebody's behalf: schedules, boosts, overrides."""
