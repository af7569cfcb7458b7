"""The information model: types as NodeSet2."""
