"""Imports point down only, and every module belongs to a layer."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pyproxy"

ALLOWED: dict[str, set[str]] = {
    "__main__": {"commands"},
    "commands": {"app", "config", "admin", "storage", "requirements", "simple", "settings", "errors"},
    "app": {"config", "handlers", "admin", "monitoring"}
    | {"repositories", "net", "storage", "simple", "settings", "errors"},
    "handlers": {"admin", "repositories", "simple", "settings", "errors"},
    "admin": {"repositories", "net", "storage", "requirements", "simple", "settings", "errors"},
    "monitoring": {"repositories", "errors"},
    "repositories": {"net", "storage", "simple", "settings", "errors"},
    "net": {"simple", "settings", "errors"},
    "storage": {"simple", "settings", "errors"},
    "requirements": {"simple", "errors"},
    "simple": {"errors"},
    "config": {"settings", "errors"},
    "settings": {"errors"},
    "errors": set(),
}
"""Layer → the layers it may import, besides itself. ``pyproxy`` itself (``__version__``) is open to all."""

PURE = {"asyncio", "io", "os", "pathlib", "selectors", "socket", "sqlite3", "ssl", "subprocess", "threading", "time"}
"""What has no place in ``simple`` and ``requirements``: files, sockets, the clock, the loop."""


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer_of(path: Path) -> str:
    """``pyproxy/net/client.py`` → ``net``; ``pyproxy/app.py`` → ``app``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The dotted names a module imports, at its top, in a function or for type checking only."""
    package = ("pyproxy", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            # "from pyproxy import app" imports the layer app; "from pyproxy.net import client" is net either way.
            yield from (f"{module}.{alias.name}" if module == "pyproxy" else module for alias in node.names)


def imported_layers(path: Path) -> set[str]:
    parts = [name.split(".") for name in imported(path)]
    layers = {part[1] for part in parts if part[0] == "pyproxy" and len(part) > 1}
    return layers - {"__version__", layer_of(path)}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_layers_below_it(path: Path) -> None:
    assert layer_of(path) in ALLOWED, f"{path} belongs to no layer: give it one in {__file__}, or another place"
    assert imported_layers(path) <= ALLOWED[layer_of(path)]


def test_the_layers_have_no_cycle() -> None:
    """``ALLOWED`` itself must point down: taking away the lowest layers again and again takes away all."""
    left = {layer: set(below) for layer, below in ALLOWED.items()}
    while lowest := {layer for layer, below in left.items() if not below & left.keys()}:
        left = {layer: below for layer, below in left.items() if layer not in lowest}
    assert left == {}


@pytest.mark.parametrize("layer", ["settings", "errors"])
def test_the_lowest_layers_import_nothing_but_the_standard_library(layer: str) -> None:
    tops = {name.split(".")[0] for path in modules() if layer_of(path) == layer for name in imported(path)}
    assert tops <= {"pyproxy", *sys.stdlib_module_names}


PURE_LAYERS = ("simple", "requirements")


@pytest.mark.parametrize(
    "path", [path for path in modules() if layer_of(path) in PURE_LAYERS], ids=lambda path: path.name
)
def test_what_only_reads_text_is_pure(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    assert not tops & (PURE | {"tornado", "pycurl", "jinja2"})


def test_only_the_database_layer_speaks_sql() -> None:
    outside = [path for path in modules() if layer_of(path) != "storage" and "sqlite3" in set(imported(path))]
    assert outside == []


def test_only_the_network_layer_speaks_curl() -> None:
    assert {layer_of(path) for path in modules() if "pycurl" in set(imported(path))} <= {"net"}
