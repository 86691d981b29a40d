"""The legacy JSON API, pure: documents read, filtered by the project page, made, and written."""
