"""``python -m pyproxy`` and the installed command ``pyproxy``."""

from __future__ import annotations

from pyproxy.commands import main

if __name__ == "__main__":
    main(prog_name="pyproxy")
