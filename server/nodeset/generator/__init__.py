"""The generator of the NodeSet2 file of our types: model.yaml in, XML and CSV out."""
