"""Requirement files and lock files as values: what they list, and which files of it a platform takes. Pure."""
