"""What reads METADATA out of wheels whose upstream offers no metadata files, put together for one chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.net.connection import UpstreamConnection
from pyproxy.repositories.arrived_wheels import ArrivedWheels
from pyproxy.repositories.listings import Listings
from pyproxy.repositories.observer import Observer
from pyproxy.repositories.stored import StoredContents
from pyproxy.repositories.transfers import Kept, Transfers
from pyproxy.repositories.wheel_metadata import WheelMetadata
from pyproxy.repositories.wheel_tails import WheelTails
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.extracted import ExtractedMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """``extracted`` is ``None`` where ``cache.extract_metadata`` is off; ``upstreams``: name and connection by id."""

    extracted: ExtractedMetadata | None
    stored: StoredContents
    listings: Listings
    upstreams: Mapping[int, tuple[str, UpstreamConnection]]
    observer: Observer
    forget_page: Callable[[NormalizedName], None]
    clock: Callable[[], float]

    @property
    def on_kept(self) -> Kept | None:
        """Looks at the wheels that transfers keep."""
        if self.extracted is None:
            return None
        return ArrivedWheels(
            extracted=self.extracted,
            stored=self.stored,
            observer=self.observer,
            upstreams={upstream_id: name for upstream_id, (name, _) in self.upstreams.items()},
            forget_page=self.forget_page,
        ).look

    def wheels(self, transfers: Transfers) -> WheelMetadata | None:
        """Reads out of wheels that are asked for."""
        if self.extracted is None:
            return None
        tails = WheelTails(
            connections={upstream_id: connection for upstream_id, (_, connection) in self.upstreams.items()},
            listings=self.listings,
            observer=self.observer,
            clock=self.clock,
        )
        return WheelMetadata(
            extracted=self.extracted, tails=tails, transfers=transfers, forget_page=self.forget_page
        )
