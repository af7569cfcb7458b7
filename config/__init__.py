"""Site settings, point catalogue, texts and embedded sites. Imports no other room."""
