"""The disk: real SQLite and real files in temporary directories."""
