"""Back a twin up while it runs, restore it, and tell the state of everything."""
