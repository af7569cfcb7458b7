"""The clock of a site: which one it is, and whether it can be believed."""
