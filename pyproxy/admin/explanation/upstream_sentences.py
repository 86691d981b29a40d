"""What one upstream has to do with a project, in sentences."""

from __future__ import annotations

from pyproxy.admin.amounts import ago, count, iso, listed, span, until
from pyproxy.admin.explanation.model import Explanation, KnownView, Role, UpstreamView
from pyproxy.admin.explanation.wording import Tone
from pyproxy.repositories.recent_failures import RETRY_AFTER_LIMIT_SECONDS

TAKES_PART = (Role.OWNER, Role.ASKED, Role.LATER)
"""The roles of upstreams that are or may be asked."""


def upstream_label(view: UpstreamView) -> str:
    """Its place and name, with what it is."""
    mark = {Role.OWNER: " (answers)", Role.INACTIVE: " (off)"}.get(view.role, "")
    return f"{view.position}. {view.name}{mark}"


def upstream_tone(view: UpstreamView) -> Tone:
    """How much it should alarm."""
    if view.role in TAKES_PART and (view.failing or _rests(view)):
        return "bad"
    return "good" if view.role is Role.OWNER else "plain"


def upstream_sentences(view: UpstreamView, explanation: Explanation) -> list[str]:
    """Why it is asked or not, what it said and when, and when it is asked again."""
    now = explanation.now
    found = [*_why_not(view, explanation), *_said(view, now)]
    if view.role in TAKES_PART:
        found += [*_trouble(view, now), *_again(view, explanation)]
    if view.recorded:
        found.append(
            f"It lists no sha256 for some files: {count(view.recorded, 'first download')} had theirs recorded here, "
            "and other bytes are refused from then on."
        )
    return found


def _why_not(view: UpstreamView, explanation: Explanation) -> list[str]:
    match view.role:
        case Role.AFTER_OWNER:
            return [f"Not asked: {explanation.owner} comes first and has the project."]
        case Role.AFTER_STOP:
            return ["Not asked: an upstream before it fails and has on_failure=stop."]
        case Role.INACTIVE:
            return [f"Not asked: it is switched off (pyproxy upstream enable {view.name})."]
        case Role.PATTERNS if view.excluded_projects:
            return [f"Not asked: its patterns leave the name out ({_patterns(view)})."]
        case Role.PATTERNS:
            return [f"Not asked: none of its projects matches the name ({_patterns(view)})."]
        case Role.RESERVED:
            return [f"Not asked: the name is reserved for {listed(explanation.reserved_for)} by explicit projects."]
        case Role.LOCAL:
            return ["Not asked: the project is local."]
        case Role.LATER:
            return ["Asked only if those before it do not have the project."]
    return []


def _patterns(view: UpstreamView) -> str:
    parts = {"projects": view.projects, "excluded_projects": view.excluded_projects}
    return "; ".join(f"{key}: {', '.join(patterns)}" for key, patterns in parts.items() if patterns)


def _said(view: UpstreamView, now: float) -> list[str]:
    known = view.known
    if known is None:
        tells = view.role in TAKES_PART or view.failing
        return ["No answer of it about this project is kept."] if tells else []
    checked = ago(known.checked_at, now)
    if not known.found:
        since = f", as it has for {span(now - known.changed_at)}" if _is_old_news(known) else ""
        return [f"It said {checked} that it has no such project{since}."]
    same = f", unchanged for {span(now - known.changed_at)}" if _is_old_news(known) else ""
    return [f"It has the project: {_listing(known)}. Page confirmed {checked}{same}."]


def _is_old_news(known: KnownView) -> bool:
    """Whether the answer was confirmed since it was given first."""
    return known.checked_at - known.changed_at >= 1


def _listing(known: KnownView) -> str:
    if not known.files:
        return "a page without files" + (f" (status {known.status})" if known.status else "")
    text = count(known.files, "file")
    if known.newest is not None:
        text += f", {count(known.releases, 'release')}, the newest {known.newest}"
    if known.unhashed:
        text += f"; {known.unhashed:,} of them without a sha256"
    return f"{text}; status {known.status}" if known.status else text


def tells_failure(view: UpstreamView) -> bool:
    """Whether the sentences tell the newest failure of its page."""
    return view.role in TAKES_PART and view.rest is None


def may_pause(view: UpstreamView, now: float) -> bool:
    """Whether its newest failure is an answer whose Retry-After, which is not stored, may still hold."""
    failing = view.failing
    return (
        failing is not None
        and failing.kind in ("rate limit", "status")
        and now - failing.last_at < RETRY_AFTER_LIMIT_SECONDS
    )


def _rests(view: UpstreamView) -> bool:
    return view.rest is not None and not view.rest_is_old


def _trouble(view: UpstreamView, now: float) -> list[str]:
    """A rest, or the failure that is newer than what is known."""
    if view.rest is not None:
        since = f"since {iso(view.rest.since)} ({ago(view.rest.since, now)})"
        if view.rest_is_old:
            return [f"It rested {since} when a server last wrote of it; none has since, so that server was killed."]
        probe = "" if view.rest.probe_at is None else f" The next probe is due {until(view.rest.probe_at, now)}."
        return [
            f"It RESTS {since}: it {view.rest.reason}. Requests count as failed at once until a probe succeeds.{probe}"
        ]
    if view.failing is None:
        return []
    failure = view.failing
    times = "" if failure.times == 1 else f", {failure.times:,} times since {iso(failure.first_at)}"
    return [f"It FAILED when it was last asked, {ago(failure.last_at, now)}{times}: it {failure.reason}."]


def _again(view: UpstreamView, explanation: Explanation) -> list[str]:
    """When it is asked again, and what happens if that fails."""
    known, now = view.known, explanation.now
    if explanation.offline:
        return []
    found = []
    fresh = known is not None and known.checked_at <= now < known.fresh_until
    with_etag = " with its ETag" if known is not None and known.conditional else ""
    if known is not None and fresh:
        state = "Fresh" if known.found else "Not asked again"
        found.append(f"{state} for another {span(known.fresh_until - now)}, then asked again{with_etag}.")
    elif view.next:
        again = " again" if known is not None or view.failing else ""
        pause = ", once a pause is over that its last answer may have asked for (Retry-After)" * may_pause(view, now)
        found.append(f"The next request asks it{again}{with_etag}{pause}.")
    if known is not None and known.found and not fresh:
        found.append(_stand_in(known, now))
    if view.on_failure == "stop":
        found.append("If it fails, no upstream after it is asked (on_failure=stop).")
    return found


def _stand_in(known: KnownView, now: float) -> str:
    assert known.usable_until is not None
    if known.usable_until <= now:
        return f"Its page is too old to stand in for it: it could until {iso(known.usable_until)} (serve_stale_for)."
    return f"While it fails, this page may be served stale until {iso(known.usable_until)}."
