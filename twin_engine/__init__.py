"""The twin: image, derived points, historian, predictions and the only write path."""
