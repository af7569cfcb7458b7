"""The address space of a site, put together, and the news that go into it."""
