"""The information model: model.yaml, the registered NodeIds and the nodesets of all types."""
