"""A node for the API's tests: the real actors over the memory log, and real lists of calls,
documents and verdicts on a Valkey. A request's waiting is the test's world run until idle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from actors import messages as m
from actors.mailbox import MailboxFull
from engine.allowances import UNLIMITED, Allowances, Kind, Spender
from engine.assist.suggest import AssistSettings, CallSuggester
from engine.audit import Kept
from engine.call_index import CallIndex
from engine.config import Settings
from engine.errors import Busy, EngineError, Revoked, Timeout
from engine.identity import Identity, Tokens
from engine.knowledge.library import Library
from engine.knowledge.report import report
from engine.knowledge.report_shapes import KnowledgeReport
from engine.knowledge.store import DocumentStore
from engine.log import CallKey
from engine.showings import ShowingStore
from engine.times import instant_at
from engine.verdicts import Verdict, VerdictStore
from engine.wire import HealthReason
from tests.actors.world import Box, World
from web.api.shapes import KnowledgeState


class _World(World):
    """Index and verdicts are kept where the API reads them."""

    def __init__(self, settings: Settings, client: redis.Redis) -> None:
        super().__init__(settings)
        self.lists = CallIndex(client, clock=self.wall)
        self.showings = ShowingStore(client, lambda tenant: 3600, clock=self.wall)
        self.opinions = VerdictStore(client, clock=self.wall, showings=self.showings)

    def index(self, call: CallKey, view: Any, assigned: Any, unassigned: Any) -> None:
        self.lists.put(call.tenant, view, view.status == "ended")
        super().index(call, view, assigned, unassigned)

    def shown(self, call: CallKey, suggestion: Any, asked: Any) -> None:
        self.showings.note(call, suggestion, asked)

    def unanswered(self, call: CallKey, because: str, asked: Any) -> None:
        self.showings.note_unanswered(call, because, asked)

    def verdict(self, call: CallKey, body: bytes) -> None:
        self.opinions.note(call, body)


class _Searcher(CallSuggester):
    """What the ranking process answers, without the process."""

    world: _World

    def state(self, tenant: str) -> KnowledgeState:
        version = self._library.version(tenant)
        served = "ok" if version is not None else "idle"
        return KnowledgeState(served, version or 0, *self._library.counts(tenant))

    def report(self, tenant: str) -> KnowledgeReport:
        titles = {one.id: one.title for one in self._library.index(tenant).documents()}
        shown, unanswered = self.world.showings.counts, self.world.showings.unanswered
        return report(titles, self.world.opinions.tally(tenant), shown(tenant), unanswered(tenant))


class MemoryNode:
    """web.api.seam.Node. `world` moves its clock and lets a test act as an agent."""

    def __init__(self, settings: Settings, client: redis.Redis) -> None:
        self.settings = settings
        self.world = _World(settings, client)
        self.clock = self.world
        self.tokens = Tokens(settings)
        self.log: Any = self.world.log
        self.index: Any = self.world.lists
        self.documents = DocumentStore(client)
        self._library = Library(self.documents)
        self.suggester = _Searcher(self._library, AssistSettings())
        self.suggester.world = self.world
        self._watched: set[str] = set()
        self.allowances = Allowances(UNLIMITED)
        self.reasons: list[str] = []
        self.hampered: HealthReason | None = None
        self.numbers = b""
        self.number = 0
        self.pages: dict[str, dict[int, bytes]] = {}
        self.audit = self
        self.noted: list[Any] = []
        self.revoked: list[tuple[str, str]] = []

    def ask_call(self, key: CallKey, build: Callable[[Any, Any], Any]) -> Any:
        answers: list[m.Answered] = []
        try:
            self.world.directory.call(key).tell(build(Box(answers), None))
        except MailboxFull:
            raise Busy("The call has too much to do", retry_after_ms=500) from None
        self.world.run()
        if not answers:
            self.world.run(self.settings.actors.command_timeout_s + 2)
        if not answers:
            raise Timeout("No answer in time; ask again with the same ids")
        if answers[0].error is not None:
            raise answers[0].error
        return answers[0].value

    def spend(self, who: Identity, kind: Kind, tokens: int) -> None:
        spender = Spender(who.tenant, who.agent_id, kind)
        self.allowances.spend(spender, self.clock.mono(), tokens)

    def watch_documents(self, tenant: str) -> None:
        self._watched.add(tenant)
        self._library.refresh(tenant)

    def documents_changed(self, tenant: str) -> None:
        self._library.refresh(tenant)

    def note(self, who: Any, kind: Any, **about: Any) -> None:
        self.noted.append((who.agent_id, kind, about))

    def audit_entries(self, tenant: str, after: str, limit: int) -> list[Kept]:
        at = instant_at(self.clock.wall())
        first = int(after.partition("-")[0]) if after else 0
        kept = enumerate(self.noted[first : first + limit], first + 1)
        return [Kept(id=f"{place}-0", at=at, kind=kind, by=by) for place, (by, kind, _) in kept]

    def revoke(self, tenant: str, agent_id: str) -> None:
        self.revoked.append((tenant, agent_id))
        self.world.directory.close_agent(tenant, agent_id, Revoked("Access was taken back"))
        self.world.run()

    def erase(self, key: CallKey) -> bool:
        try:
            self.ask_call(key, m.Erase)
        except EngineError:
            return False
        known = self.index.remove(key.tenant, key.call_id)
        return bool(self.log.delete(key)) or bool(known)

    def verdicts(self, tenant: str, doc_id: str) -> list[Verdict]:
        return self.world.opinions.of(tenant, doc_id)

    def ready(self) -> list[str]:
        return self.reasons

    def why(self) -> HealthReason | None:
        return self.hampered

    def metrics(self) -> bytes:
        return self.numbers

    def others(self, page: str) -> dict[int, bytes]:
        return self.pages.get(page, {})
