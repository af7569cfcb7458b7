"""Settings, the point catalogue and the embedded sites. Imports no other room."""
