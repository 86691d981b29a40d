"""What an administrator does with the cache: look at it, refresh, purge, prune and verify it."""
