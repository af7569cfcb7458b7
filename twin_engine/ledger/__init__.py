"""The ledger: tables of energies and key figures by hour, day, month and year, from history."""
