"""What a project is answered with, and why, in one sentence each."""

from __future__ import annotations

from pyproxy.admin.amounts import ago, count, iso, listed, span, until
from pyproxy.admin.explanation.model import Explanation, Role, State, UpstreamView
from pyproxy.admin.explanation.upstream_sentences import may_pause
from pyproxy.admin.explanation.wording import Tone


def headline(explanation: Explanation) -> str:
    """The answer itself."""
    project, owner = explanation.project, explanation.owner
    match explanation.state:
        case State.LOCAL if explanation.all_unreadable:
            return f"{project} CANNOT be answered: it is local, and none of its files can be read. Clients get 503."
        case State.LOCAL:
            return f"{project} is local: it is answered from local files alone, and no upstream is asked for it."
        case State.SERVED if explanation.degraded:
            return f"{project} is answered by {owner}, but DEGRADED: an upstream before it failed."
        case State.SERVED:
            return f"{project} is answered by {owner}."
        case State.STALE if explanation.degraded:
            return f"{project} is answered by {owner}, with a STALE page, and DEGRADED: an upstream before it failed."
        case State.STALE:
            return f"{project} is answered by {owner}, with a STALE page."
        case State.MISSING:
            return f"{project} is answered with 404: no upstream that may be asked has it."
        case State.FAILING:
            return f"{project} CANNOT be answered: clients get {explanation.status}."
        case State.OFFLINE:
            return f"{project} cannot be answered: cache.offline is on, and nothing is known of it. Clients get 503."
        case State.RESERVED:
            names = listed(explanation.reserved_for)
            return f"{project} is reserved for {names}, switched off now: nobody else is asked. Clients get 503."
        case State.NOT_ADMITTED:
            return f"{project} is answered with 404: the project patterns of the upstreams leave the name out."
        case State.NO_UPSTREAM:
            return f"{project} cannot be answered: no upstream is active. Clients get 503."
        case State.UNKNOWN if explanation.is_known:
            return f"Who answers for {project} is open: no answer of {_first_asked(explanation)} is kept."
        case State.UNKNOWN:
            return f"Nothing is known of {project} here: no answer of an upstream about it is kept."


def tone(explanation: Explanation) -> Tone:
    """How much the headline should alarm."""
    if explanation.state is State.STALE or explanation.degraded:
        return "warning"
    if explanation.unreadable:
        return "bad" if explanation.all_unreadable else "warning"
    if explanation.state in (State.SERVED, State.LOCAL):
        return "good"
    return "plain" if explanation.state in (State.MISSING, State.UNKNOWN) else "bad"


def reasons(explanation: Explanation) -> list[str]:
    """What stands behind the headline, and what comes next."""
    found = []
    if explanation.given != explanation.project:
        found.append(f"{explanation.given} is the same project: names are compared as {explanation.project}.")
    found += _by_state(explanation)
    files = _failing_files(explanation)
    if files:
        found.append(f"{count(len(files), 'file')} of it went WRONG when last fetched: {listed(sorted(files)[:3])}.")
    hidden = [view for view in explanation.upstreams if view.is_hidden]
    if explanation.state is State.LOCAL:
        found.append(f"It has {count(len(explanation.local_files), 'local file')}.")
        found += [f"The local file {name} is NOT listed: {why}." for name, why in explanation.unreadable.items()]
    found += [_hidden(view, explanation) for view in hidden]
    if explanation.reserved_for and explanation.state is not State.RESERVED:
        found.append(
            f"The name is reserved: the projects of {listed(explanation.reserved_for)} match it, "
            "so no other upstream is ever asked."
        )
    return found


def _failing_files(explanation: Explanation) -> set[str]:
    """The files that nobody delivered when they were last asked for."""
    kept = {file.filename: file.kept_at for file in explanation.kept.files}
    failures = [failure for view in explanation.upstreams for failure in view.failures if failure.filename]
    return {
        failure.filename
        for failure in failures
        if failure.over_at is None and failure.last_at > kept.get(failure.filename, 0.0)
    }


def _by_state(explanation: Explanation) -> list[str]:
    match explanation.state:
        case State.SERVED:
            return [*_why(explanation), *_degraded(explanation), _next(explanation)]
        case State.STALE:
            return [*_why(explanation), *_stale(explanation), *_degraded(explanation)]
        case State.MISSING:
            return [_next(explanation)]
        case State.FAILING:
            return _failing(explanation)
        case State.UNKNOWN:
            return [f"The next request asks {_first_asked(explanation)}."]
        case State.NO_UPSTREAM:
            return ["Add one with: pyproxy upstream add NAME URL; or enable one: pyproxy upstream enable NAME."]
        case State.RESERVED:
            return [f"To ask it again: pyproxy upstream enable {explanation.reserved_for[0]}"]
    return []


def _why(explanation: Explanation) -> list[str]:
    """Why it is this upstream that answers."""
    before = [view for view in explanation.upstreams if view.role is Role.ASKED]
    without = [view.name for view in before if view.known is not None and not view.known.found]
    if without:
        return [f"{listed(without)} {'comes' if len(without) == 1 else 'come'} before it and said: no such project."]
    return [] if before else [f"Of the upstreams that may be asked, {explanation.owner} is the first."]


def _next(explanation: Explanation) -> str:
    """Who is asked next, and when."""
    asked = [view for view in explanation.upstreams if view.next]
    if asked:
        pause = any(may_pause(view, explanation.now) for view in asked)
        unless = ", unless an upstream's last answer asked for a pause (Retry-After)" if pause else ""
        return f"The next request asks {listed([view.name for view in asked])} again{unless}."
    if explanation.decides_until is not None:
        return f"This holds without asking anybody for another {_left(explanation)}."
    if explanation.offline:
        return "cache.offline is on: nobody is asked, and what is known is served whatever its age."
    return "Nobody is asked for it now."


def _left(explanation: Explanation) -> str:
    assert explanation.decides_until is not None
    return span(explanation.decides_until - explanation.now)


def _stale(explanation: Explanation) -> list[str]:
    assert explanation.owner is not None
    known = explanation.upstream(explanation.owner).known
    assert known is not None
    page = f"The page was last confirmed {ago(known.checked_at, explanation.now)} ({iso(known.checked_at)})"
    if explanation.offline:
        return [f"{page}; cache.offline is on, so nobody is asked and it is served whatever its age."]
    assert known.usable_until is not None
    return [
        *(f"The reason: {because}." for because in explanation.because[-1:]),
        f"{page}; it may be served until {iso(known.usable_until)}, {until(known.usable_until, explanation.now)} "
        "(cache.serve_stale_for).",
        _next(explanation),
    ]


def _degraded(explanation: Explanation) -> list[str]:
    if not explanation.degraded:
        return []
    failures = explanation.because[:-1] if explanation.state is State.STALE else explanation.because
    return [
        *(f"{because[0].upper()}{because[1:]}, and has never said whether it has the project." for because in failures),
        "So the answer may come from the wrong upstream; it is marked, and not remembered. "
        "on_failure=stop for the upstream that failed would end with an error instead.",
    ]


def _failing(explanation: Explanation) -> list[str]:
    found = [f"{because[0].upper()}{because[1:]}." for because in explanation.because]
    stops = [view for view in explanation.upstreams if view.role is Role.AFTER_STOP]
    if stops:
        names = listed([view.name for view in stops])
        found.append(f"Its on_failure is stop: {names} must not answer for a name that may be its own.")
    return [*found, "Nothing that is known can stand in for it.", _next(explanation)]


def _hidden(view: UpstreamView, explanation: Explanation) -> str:
    assert view.known is not None
    files = count(view.known.files, "file")
    by = {Role.LOCAL: "the local files", Role.RESERVED: "the reservation", Role.INACTIVE: "its switch"}.get(view.role)
    by = by or ("its patterns" if view.role is Role.PATTERNS else explanation.owner or "a failure")
    page = f"page of {ago(view.known.checked_at, explanation.now)}"
    return f"Hidden by {by}: {files} that {view.name} lists ({page})."


def _first_asked(explanation: Explanation) -> str:
    return listed([view.name for view in explanation.upstreams if view.next]) or "an upstream"
