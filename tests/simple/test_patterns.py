"""Which names an upstream may be asked for."""

from __future__ import annotations

import pytest

from pyproxy.simple.names import normalize
from pyproxy.simple.patterns import admits, matches_any


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("mycompany-*", "mycompany-tool", True),
        ("mycompany-*", "mycompany", False),
        ("My_Company.*", "my-company-tool", True),
        ("my--company", "my-company", True),
        ("tool?", "tool1", True),
        ("tool[0-9]", "tool7", True),
        ("tool[!0-9]", "tool7", False),
        ("tool", "toolbox", False),
        ("*", "anything", True),
    ],
)
def test_a_pattern_is_compared_in_normalised_spelling(pattern: str, name: str, matches: bool) -> None:
    assert matches_any((pattern,), normalize(name)) is matches


@pytest.mark.parametrize(
    ("patterns", "excluded", "admitted"),
    [
        ((), (), True),
        (("acme-*",), (), True),
        (("other-*",), (), False),
        ((), ("acme-*",), False),
        (("acme-*",), ("acme-secret",), True),
        (("acme-*",), ("*-tool",), False),
    ],
)
def test_no_patterns_admit_every_name_and_exclusion_wins(
    patterns: tuple[str, ...], excluded: tuple[str, ...], admitted: bool
) -> None:
    assert admits(patterns, excluded, normalize("acme-tool")) is admitted
