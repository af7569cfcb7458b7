"""The type nodes: official and own models, imported once and kept."""
