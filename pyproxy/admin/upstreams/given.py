"""From what a page, the JSON API or a command was given to an upstream's settings.

What is not shown comes back as it was shown: ``***`` stands for the secret that is there already, a file's name for
its path in the folder of certificates.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.errors import ConfigurationError, ConfigurationErrors
from pyproxy.settings import UpstreamSettings, check_secret_is_given, masked_url, mistakes_in, upstream_from_mapping
from pyproxy.settings.masking import MASK
from pyproxy.storage.certificates import KINDS as KINDS  # and the types, for handlers
from pyproxy.storage.certificates import CertificateFolder as CertificateFolder
from pyproxy.storage.certificates import Kind as Kind


def settled(
    values: Mapping[str, object], old: UpstreamSettings | None, folder: CertificateFolder | None
) -> UpstreamSettings:
    """The settings that the values make of ``old``, or of the defaults.

    Values are typed, or `Text`. Without a ``folder`` (commands) they are taken as they are, and files may be anywhere.
    Raises `ConfigurationError` with its field as ``key``, `ConfigurationErrors` for several, `SecretAskedAgain`.
    """
    mistakes: list[ConfigurationError] = []
    if folder is not None:
        values, mistakes = _seen(values, old, folder)
    mistakes += mistakes_in(values)
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else ConfigurationErrors(mistakes)
    new = upstream_from_mapping(values, old)
    if old is not None:
        check_secret_is_given(old, new, values)
    return new


def mistakes_of(error: ConfigurationError) -> tuple[ConfigurationError, ...]:
    """The single mistakes of an error, each with its field as ``key``, where it is about one."""
    return error.mistakes if isinstance(error, ConfigurationErrors) else (error,)


def _seen(
    values: Mapping[str, object], old: UpstreamSettings | None, folder: CertificateFolder
) -> tuple[dict[str, object], list[ConfigurationError]]:
    """The values without those that only say "as it is", and files by their paths; and what is wrong with them."""
    found, mistakes = dict(values), []
    for key in ("password", "token", "http_proxy"):
        value = values.get(key)
        if isinstance(value, str) and (value == MASK or (key == "http_proxy" and f"{MASK}@" in value)):
            del found[key]
            if value != _shown(key, old):
                mistakes.append(ConfigurationError(f"{MASK} stands for a secret that is not here", key=key))
    for kind in KINDS:
        value = values.get(kind)
        if not isinstance(value, str) or not value:
            continue
        del found[kind]
        if old is not None and value == getattr(old, kind):
            continue
        try:
            found[kind] = folder.path(kind, value)
        except ConfigurationError as error:
            mistakes.append(error)
    return found, mistakes


def _shown(key: str, old: UpstreamSettings | None) -> str | None:
    """What is shown in a secret's place."""
    value = getattr(old, key, None)
    return (masked_url(value) if key == "http_proxy" else MASK) if value else None
