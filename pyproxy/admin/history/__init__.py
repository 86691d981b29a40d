"""What happens, recorded: counted by hour and day, and the newest requests one by one.

``recorder`` is told at the end of every request and writes in batches; ``counts`` and ``recent`` hold what waits for
that. What becomes of it: ``pyproxy.admin.dashboard`` and ``pyproxy.admin.activity``.
"""
