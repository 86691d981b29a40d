"""What deserves a warning, and which changes must ask for a secret again."""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.errors import SecretAskedAgain
from pyproxy.settings.reading import gives_secret
from pyproxy.settings.upstream import UpstreamSettings


def secret_scope_changed(old: UpstreamSettings, new: UpstreamSettings) -> tuple[str, ...]:
    """The changes after which a kept password or token could reach somebody else, in words for people.

    Empty where there was no password or token. Whoever may change an upstream is not meant to learn its secret by
    pointing the upstream at a server of their own.
    """
    if not (old.password or old.token):
        return ()
    before, after = old.origin, new.origin
    changes = {
        "scheme": before[0] != after[0],
        "host": before[1] != after[1],
        "port": before[2] != after[2],
        "http_proxy": old.http_proxy != new.http_proxy,
        "credential_hosts": set(old.credential_hosts) != set(new.credential_hosts),
        "verify_ssl": old.verify_ssl and not new.verify_ssl,
    }
    return tuple(name for name, changed in changes.items() if changed)


def check_secret_is_given(old: UpstreamSettings, new: UpstreamSettings, values: Mapping[str, object]) -> None:
    """Raise `SecretAskedAgain` where a secret would follow its upstream to another place without being given again.

    ``values`` are what was given to make ``new`` of ``old``: an empty secret among them drops it, which is as good.
    """
    changes = secret_scope_changed(old, new)
    given = {key for key in ("password", "token") if key in values}
    if gives_secret({"url": values.get("url", new.url)}):
        given.add("password")
    kept = [key for key in ("password", "token") if key not in given and getattr(new, key) is not None]
    if changes and kept:
        raise SecretAskedAgain(
            f"changing {', '.join(changes)} of upstream {new.name} asks for its {kept[0]} again",
            key=kept[0],
            suggestion="give it again, or drop it",
        )


def warnings(settings: UpstreamSettings) -> list[str]:
    """Sentences about settings that are allowed but dangerous; none for a sound upstream."""
    found = []
    credentials = settings.username or settings.password or settings.token
    if not settings.verify_ssl:
        found.append("its certificate is not checked (verify_ssl is off): anybody on the way can change files")
    if credentials and not settings.projects and settings.on_failure != "stop":
        found.append(
            "it has credentials but neither projects nor on_failure=stop: "
            "while it fails, its names may be answered by other upstreams"
        )
    if credentials and settings.origin[0] == "http":
        found.append("its credentials are sent unencrypted: use an https URL")
    return found
