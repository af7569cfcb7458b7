"""What if: an installation learnt from its record, changed, and simulated beside its baseline."""
