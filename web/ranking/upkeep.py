"""Indexes kept in step with the store, by two threads of the ranking process.

Owns when to look (a change was published, or a second has passed), when to embed, and what
the server is told of it. A store or a model that is away is tried again; what is served
stays.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import redis

from engine.errors import EngineError
from engine.memory import trim
from web.ranking.brain import Brain
from web.ranking.frames import Serving, TenantServed

log = logging.getLogger("earshot.ranking")

LOOK_S = 0.5
EMBED_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # after a model that could not be reached
MODEL_S = 3.0  # a first question waits so long for a model that is being loaded
REST_S = 30.0  # without work, and the model for documents gives its memory back
NICE = 10  # of the thread that embeds: questions come first


class Upkeep:
    def __init__(self, brain: Brain, tell: Callable[[Serving], None]) -> None:
        self._brain = brain
        self._tell = tell
        self._tenants: set[str] = set()
        self._known: set[str] = set()  # looked at once
        self._first = threading.Lock()
        self._model_tried = threading.Event()
        self._changed = threading.Event()
        self._wanted = threading.Event()  # a model: there are documents
        self._work = threading.Event()  # something may have to be embedded
        self._told: Serving | None = None

    def watch(self, tenant: str) -> None:
        self._tenants.add(tenant)
        self._changed.set()

    def know(self, tenant: str) -> None:
        """Before the first question of a tenant its documents are read: an empty answer
        would be a wrong one."""
        if tenant in self._known:
            return
        self._tenants.add(tenant)
        with self._first:
            if tenant not in self._known:
                self._look(tenant)
        if self._brain.library.counts(tenant)[0]:
            self._model_tried.wait(MODEL_S)

    def keep(self) -> None:
        named = False
        while True:
            named = named or self._name_tenants()
            for tenant in sorted(self._tenants):
                self._look(tenant)
            self._say()
            self._changed.wait(LOOK_S)
            self._changed.clear()

    def _name_tenants(self) -> bool:
        """Those that have documents, read once. Until the store answers, whoever asks names one."""
        try:
            self._tenants.update(self._brain.documents.tenants())
        except (EngineError, redis.RedisError):
            return False
        return True

    def _look(self, tenant: str) -> None:
        keeper, first = self._brain.keeper, tenant not in self._known
        try:
            if first and self._brain.documents.count(tenant):
                self._wanted.set()  # it is loaded while documents are read
            changed = keeper.look(tenant)
        except (EngineError, redis.RedisError):
            return  # the store is away: the index that is served stays
        except Exception:
            log.exception("documents.refresh_failed tenant=%s", tenant)
            return
        self._known.add(tenant)
        if changed or first:
            self._note(tenant)
            if first and self._brain.embedder is not None:
                self._adopt(tenant)  # where the model came after the vectors were looked for
            if self._brain.library.counts(tenant)[0]:
                self._wanted.set()
            self._work.set()

    def _note(self, tenant: str) -> None:
        state = self._brain.keeper.state(tenant)
        log.info(
            "documents.indexed tenant=%s documents=%d passages=%d without_vectors=%d",
            tenant, state.documents, state.passages, state.waiting,
        )  # fmt: skip

    def embed(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        # Without documents nothing is embedded, and a model takes 130 MB.
        self._wanted.wait()
        self._equip()
        self._work.set()
        failures = 0
        while True:
            if not self._work.wait(REST_S):
                self._brain.rest()
                continue
            self._work.clear()
            try:
                for tenant in sorted(self._known):
                    if self._embed(tenant):
                        self._work.set()
                if failures and self._brain.embedder is not None:
                    self._brain.why = ""
                failures = 0
            except (EngineError, redis.RedisError) as problem:
                log.warning("embedding.stopped reason=%s", problem)
                if isinstance(problem, EngineError):
                    self._brain.why = problem.message
                self._say()
                time.sleep(EMBED_AGAIN_S[min(failures, len(EMBED_AGAIN_S) - 1)])
                failures += 1
                self._work.set()
            except Exception:
                log.exception("embedding.failed")
                time.sleep(EMBED_AGAIN_S[-1])
            self._say()

    def _equip(self) -> None:
        """A model, as soon as there is one. Until then words alone rank."""
        failures = 0
        while not self._equipped():
            self._model_tried.set()
            log.warning("embedding.no_model reason=%s", self._brain.why)
            self._say()
            time.sleep(EMBED_AGAIN_S[min(failures, len(EMBED_AGAIN_S) - 1)])
            failures += 1
        if self._brain.why:
            log.warning("embedding.words_only reason=%s", self._brain.why)
        self._model_tried.set()
        for tenant in sorted(self._known):
            self._adopt(tenant)
        self._say()

    def _equipped(self) -> bool:
        """A fault on the way to a model must not end the thread that would try again."""
        try:
            return self._brain.equip()
        except Exception:
            log.exception("embedding.failed")
            self._brain.why = "A fault of ours; it is in the log"
            return False

    def _adopt(self, tenant: str) -> None:
        """Vectors that are in the store already, for an index that was made without."""
        try:
            if self._brain.keeper.adopt(tenant):
                self._note(tenant)
        except (EngineError, redis.RedisError) as problem:
            log.warning("embedding.stopped reason=%s", problem)

    def _embed(self, tenant: str) -> bool:
        """True: there is more to do."""
        if self._brain.embedder is None:
            return False
        keeper = self._brain.keeper
        done = keeper.embed_some(tenant)
        waiting = keeper.state(tenant).waiting
        if done and not waiting:
            trim()
            log.info("documents.embedded tenant=%s", tenant)
        if not waiting:
            keeper.settle(tenant)
        elif not done:
            time.sleep(LOOK_S)  # another node makes them
        return waiting > 0

    def _say(self) -> None:
        tenants, brain = {}, self._brain
        for tenant in sorted(self._known):
            state = brain.keeper.state(tenant)
            # Where there will be no model, no document waits for one.
            waiting = 0 if brain.words_for_good else state.waiting
            tenants[tenant] = TenantServed(state.version, state.documents, state.passages, waiting)
        serving = Serving(tenants, brain.model, brain.why, brain.words_only)
        if serving != self._told:
            self._told = serving
            self._tell(serving)
