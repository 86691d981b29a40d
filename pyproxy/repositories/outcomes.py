"""How requests of clients end, in a word: the words of the access log, of monitoring and of the history.

``hit``: answered from what is kept. ``stale``: the same, past its freshness. ``collapsed``: from a transfer that was
under way already. ``miss``: an upstream was asked for it. ``failed``: an upstream could not answer. ``broken``: the
body broke off on its way.
"""

from __future__ import annotations

SAVING = frozenset({"hit", "stale", "collapsed"})
"""Outcomes for which no upstream had to send these bytes to us for this client."""
