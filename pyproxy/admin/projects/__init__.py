"""Everything known, project by project: found by name, looked at one by one, refreshed and purged."""
