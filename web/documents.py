"""Keeps the node's library in step with the documents in the store.

Owns when to look (a change was published, or a second has passed) and where the work is
done: documents are read in a greenlet, the index is built in a real thread, so that
neither waits for the other and no delivery waits for either.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.threadpool import ThreadPool

from engine.errors import EngineError
from engine.knowledge.library import Library
from engine.log import LogUnavailable

if TYPE_CHECKING:
    from engine.knowledge.store import DocumentStore

log = logging.getLogger("earshot.documents")

LOOK_S = 1.0


class Refresher:
    """Looks after every tenant somebody asked about."""

    def __init__(self, store: DocumentStore) -> None:
        self._pool = ThreadPool(1)
        self.library = Library(store, compute=self._compute)
        self._tenants: set[str] = {"default"}
        self._changed = Event()
        self._greenlet: Any = gevent.spawn(self._run)

    def watch(self, tenant: str) -> None:
        """Keep this tenant's index from now on."""
        if tenant not in self._tenants:
            self._tenants.add(tenant)
            self._changed.set()

    def nudge(self) -> None:
        """Something was published."""
        self._changed.set()

    def empty(self) -> frozenset[str]:
        """Tenants that are known to have no documents."""
        return frozenset(
            tenant for tenant in self.library.tenants() if not self.library.counts(tenant)[0]
        )

    def close(self) -> None:
        self._greenlet.kill()
        self._pool.kill()

    def _run(self) -> None:
        while True:
            for tenant in sorted(self._tenants):
                self._look(tenant)
            self._changed.wait(LOOK_S)
            self._changed.clear()

    def _look(self, tenant: str) -> None:
        try:
            if not self.library.refresh(tenant):
                return
        except (EngineError, LogUnavailable):
            return  # the store is away: the index that is served stays
        except Exception:
            log.exception("documents.refresh_failed tenant=%s", tenant)
            return
        count, passages = self.library.counts(tenant)
        log.info("documents.indexed tenant=%s documents=%d passages=%d", tenant, count, passages)

    def _compute(self, work: Callable[[], Any]) -> Any:
        """Processor work of the library, in a real thread."""
        return self._pool.apply(work)
