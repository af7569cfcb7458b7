"""The address space: nodes, their attributes and references, and the builder that adds them."""
