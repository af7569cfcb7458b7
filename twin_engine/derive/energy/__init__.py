"""The ledger of energy: counters and powers in, energies of hours, days, months and years out."""
