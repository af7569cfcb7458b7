"""What a BMS integrator takes away: point lists, and the instances as NodeSet2."""
