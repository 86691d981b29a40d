"""Each reader of foreign bytes with what has to hold for any bytes at all: a property, and seeds to begin with.

A target returns if the bytes are taken or refused as documented; whatever else it raises is a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.fuzz import archives, files_of_people, pages, requests, seeds


@dataclass(frozen=True, slots=True)
class Target:
    """``check`` is given bytes; ``seeds`` are good ones."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


TARGETS = {
    "project_page": Target(pages.check_project_page, seeds.project_pages),
    "project_list": Target(pages.check_project_list, seeds.project_lists),
    "json_document": Target(pages.check_json_document, seeds.json_documents),
    "metadata": Target(pages.check_metadata, seeds.metadata),
    "name": Target(requests.check_name, seeds.names),
    "address": Target(requests.check_address, seeds.addresses),
    "range": Target(requests.check_range, seeds.ranges),
    "accept": Target(requests.check_accept, seeds.accepts),
    "forwarded": Target(requests.check_forwarded, seeds.forwarded),
    "api_body": Target(requests.check_api_body, seeds.api_bodies),
    "message": Target(requests.check_message, seeds.messages),
    "configuration": Target(files_of_people.check_configuration, seeds.configurations),
    "requirements": Target(files_of_people.check_requirements, seeds.requirements),
    "lock": Target(files_of_people.check_lock, seeds.locks),
    "wheel": Target(archives.check_wheel, seeds.wheels),
    "sdist": Target(archives.check_sdist, seeds.sdists),
    "archive": Target(archives.check_archive, seeds.archives),
}
