"""Device profiles: one YAML file a device family."""
