"""The wiring of what administrators look at and do in a running server: projects, and the storage."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyproxy.admin.explanation.explainer import Explainer
from pyproxy.admin.explanation.pages_read import PageReader
from pyproxy.admin.holdings import Holdings
from pyproxy.admin.projects.actions import ProjectActions
from pyproxy.admin.projects.descriptions import Descriptions, rendering_workshop
from pyproxy.admin.projects.looking import ProjectLook
from pyproxy.admin.projects.search import ProjectSearch
from pyproxy.admin.storage.jobs import JobRunner
from pyproxy.admin.storage.overview import StorageLook
from pyproxy.admin.storage.prune_preview import PrunePreviews
from pyproxy.admin.storage.storage_jobs import StorageJobs
from pyproxy.app.chain import Chain
from pyproxy.app.explained import explainer_of
from pyproxy.app.resources import Resources
from pyproxy.config.model import Config
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.jobs import JobStore
from pyproxy.storage.json_documents import JsonDocumentStore


def holdings_of(config: Config, resources: Resources, chain: Chain, clock: Callable[[], float]) -> Holdings:
    """Put them together from the open parts of a server."""
    database, files, reader = resources.database, resources.files, PageReader(resources.workshop)
    store = JobStore(database, config.storage.directory, clock=clock)

    def explainer() -> Explainer:
        return explainer_of(resources, chain.current.priority, reader, clock)

    def upstreams() -> Iterable[UpstreamSettings]:
        return [upstream.settings for upstream in resources.upstreams.list(reveal=False)]

    return Holdings(
        search=ProjectSearch(database, lambda: chain.current.priority, resources.local),
        projects=ProjectLook(
            database, repository=lambda: chain.current, explainer=explainer, workshop=resources.workshop
        ),
        descriptions=Descriptions(
            files=files,
            documents=JsonDocumentStore(database),
            local=resources.local,
            workshop=resources.workshop,
            renderer=rendering_workshop(),
        ),
        actions=ProjectActions(
            database,
            repository=lambda: chain.current,
            upstreams=resources.upstreams,
            pages=resources.pages,
            recorded=resources.recorded,
            files=files,
            ages=config.cache,
            clock=clock,
        ),
        storage=StorageLook(
            database,
            config.storage.directory,
            max_size=config.storage.max_size,
            min_free=config.storage.min_free,
            clock=clock,
        ),
        previews=PrunePreviews(database, ages=config.cache, upstreams=upstreams, clock=clock),
        jobs=StorageJobs(database, files, store, JobRunner(store, files.workspace.name)),
    )
