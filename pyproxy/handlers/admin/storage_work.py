"""The long work on the storage: ``…/prune`` shows what would go, and begins; ``…/jobs`` has the buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyproxy.admin.storage.prune_preview import PrunePreview, Wish
from pyproxy.admin.storage.records import SUBJECT, amount, prune_record
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.prune_form import PruneForm, read_wish

MORE_BY = 1.1
"""By how much more may go than was shown, before it is shown again: installs go on meanwhile."""

UNDER_WAY = {"verify": "It is being verified already.", "prune": "It is being pruned already."}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePage:
    """``preview`` of what would go; ``None`` where the form is wrong. ``more``: it is more than was shown before."""

    form: PruneForm
    preview: PrunePreview | None
    more: bool
    now: float


class PruneHandler(AdminHandler):
    """The preview, for whoever may look; and the deed."""

    here = "storage"

    async def get(self) -> None:
        form, wish = read_wish(self.asked("max_size", 40), self.asked("unused_for", 40))
        await self._show(form, wish)

    async def submitted(self, form: Form, *args: str) -> None:
        typed, wish = read_wish(form.text("max_size")[:40], form.text("unused_for")[:40])
        if wish is None:
            await self._show(typed, None)
            return
        preview = await self.admin.holdings.previews.preview(wish)
        if preview.bytes > _number(form.text("bytes")) * MORE_BY:
            self._send(typed, preview, more=True)
        elif await self.admin.holdings.jobs.start_prune(preview):
            record = prune_record(preview)
            await self.admin.desk.run(self.admin.audit.write, self.actor, "began to prune", SUBJECT, record)
            await self.lead_to("storage", f"Pruning has begun: {amount(preview)}.")
        else:
            await self.lead_to("storage", UNDER_WAY["prune"])

    async def _show(self, form: PruneForm, wish: Wish | None) -> None:
        self._send(form, None if wish is None else await self.admin.holdings.previews.preview(wish))

    def _send(self, form: PruneForm, preview: PrunePreview | None, *, more: bool = False) -> None:
        page = PrunePage(form=form, preview=preview, more=more, now=self.services.clock())
        self.send_admin_page("prune.html", page, 422 if preview is None else 409 if more else 200)


class JobsHandler(AdminHandler):
    """What the buttons do that begin and stop it. Whoever comes here without one is led to the page."""

    here = "storage"

    async def get(self) -> None:
        self.see_other("storage")

    async def submitted(self, form: Form, *args: str) -> None:
        match form.text("do"):
            case "verify":
                await self._verify(go_on=False)
            case "go on":
                await self._verify(go_on=True)
            case "stop verify":
                await self._stop("verify", "stopped verifying")
            case "stop prune":
                await self._stop("prune", "stopped pruning")
            case _:
                await self.lead_to("storage")

    async def _verify(self, *, go_on: bool) -> None:
        if await self.admin.holdings.jobs.start_verify(go_on=go_on):
            await self._note("began to verify")
            await self.lead_to("storage", "Verifying has begun.")
        else:
            await self.lead_to("storage", UNDER_WAY["verify"])

    async def _stop(self, kind: Literal["verify", "prune"], action: str) -> None:
        if await self.admin.holdings.jobs.stop(kind):
            await self._note(action)
            await self.lead_to("storage", "It stops within a second or so.")
        else:
            await self.lead_to("storage", "It was over already.")

    async def _note(self, action: str) -> None:
        await self.admin.desk.run(self.admin.audit.write, self.actor, action, SUBJECT)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
