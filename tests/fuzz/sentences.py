"""What has to hold for every refusal."""

from __future__ import annotations


def explains(error: Exception, *words: str) -> None:
    """It is a sentence for people, and has these words in it."""
    assert str(error)
    assert all(word in str(error) for word in words), error
