"""End to end with the real clients: pip, uv and pypiserver as people run them, pyproxy as a process of its own."""
