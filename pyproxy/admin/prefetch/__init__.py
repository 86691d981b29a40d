"""Fetching ahead what requirement files and lock files list, by the way of every request."""
