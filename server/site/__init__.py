"""The address space of a site: its instances, and the publishing of new values and events."""
