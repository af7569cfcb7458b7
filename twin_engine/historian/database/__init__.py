"""The database: opened, migrated, copied and looked after; its tables."""
