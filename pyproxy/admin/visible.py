"""Text that comes from outside, so that each of its characters is seen, and none does anything else."""

from __future__ import annotations

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Controls, marks that turn the direction of writing or join letters, and what is no character at all."""


def visible(text: str) -> str:
    """The same, with what could not be seen by its number.

    >>> visible("demo\\x1b[2J \\u202egpj.exe")
    'demo⟨1B⟩[2J ⟨202E⟩gpj.exe'
    """
    if text.isprintable():
        return text
    return "".join(f"⟨{ord(each):02X}⟩" if unicodedata.category(each) in _UNSEEN else each for each in text)
