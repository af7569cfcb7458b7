"""Exports for BMS integrators: the point list, and the instances as a NodeSet2 file."""
