"""One server process, put together: store, actors, services.

Owns the making and the ending of everything a node has, in order. It holds no rule; what
is served over HTTP and sockets is built on it by app.py.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent

from actors import messages as m
from actors.context import Context
from actors.directory import Directory
from actors.dispatcher import Dispatcher
from actors.lag import Lag
from actors.timers import Wheel
from engine import standing
from engine.allowances import Kind, Spender
from engine.audit import AuditStore, Kept
from engine.call_index import CallIndex
from engine.config import Settings
from engine.errors import Draining, EngineError, Revoked, TooManyConnections
from engine.hints_redis import Notice
from engine.identity import Identity, Tokens
from engine.knowledge.store import DocumentStore
from engine.log import CallKey
from engine.log_redis import RedisLog
from engine.notices import ERASED, LEASES, TABS
from engine.page_tokens import PageTokens
from engine.redaction.redactor import Redactor
from engine.showings import ShowingStore, keep_of
from engine.token_ledger import TokenLedger
from engine.verdicts import Verdict, VerdictStore
from engine.wall import WallStore
from engine.wire import CallView, HealthReason
from web.asking import ask
from web.assist import AssistPool
from web.audit import AuditTrail
from web.clock import SystemClock
from web.condition import ConditionKeeper
from web.gate import LocalGate
from web.incidents import Incidents
from web.key_server import KeyServer
from web.leaving import end_calls, say_goodbye
from web.loop import Loop
from web.metrics import exposition
from web.model_writer import ModelWriter, configured
from web.node_numbers import numbers_of
from web.notices import CHANNELS, Notices
from web.place import name_of_node
from web.ranking.process import RankingProcess
from web.shared_limits import SharedLimits, allowances_of
from web.standing_watch import REVOKED, StandingWatch
from web.store_client import StoreClient
from web.store_ways import open_ways
from web.sweep import Sweep
from web.token_desk import TokenDesk
from web.walls import NodeWalls

if TYPE_CHECKING:
    from web.ranking.child import Child
    from web.siblings import Siblings

FULL_SHARE = 0.95  # of its connections: a node this full is given no new traffic
AWAY_READY_S = 30.0  # a store away for longer takes the node out of traffic


class NoRooms:
    """Until Flask-SocketIO is put on top."""

    def enter(self, connection_id: str, room: str) -> None: ...

    def leave(self, connection_id: str, room: str) -> None: ...


class Node:
    """`url` is the store's. `ranking`: its process, where it was started ahead, under this
    `name`. Everything runs when it is made; `close` ends it."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        *,
        name: str = "",
        queue: bool = True,
        ranking: Child | None = None,
    ) -> None:
        self.settings = settings
        self._ranking_ahead = ranking
        self.name = name or name_of_node()
        self.queue_url = url if queue else ""
        self.clock = SystemClock()
        tokens = Tokens(settings)
        ring = tokens.ring
        keys = KeyServer(ring, settings.tokens, self.clock.wall) if ring is not None else None
        pages = PageTokens(settings.jwt_secret) if settings.sign_in.issuer else None
        self.tokens = TokenDesk(tokens, self.clock.wall, keys, pages)
        self.draining = False
        # Why the embedded store will not come back by itself; None while it may.
        self.store_trouble: Callable[[], str | None] = lambda: None
        self.number = 0  # among the processes of one server; 0: there are no others
        self._siblings: Siblings | None = None
        self._url = url
        self._connect_store(url)
        self._make_actors()

    def _connect_store(self, url: str) -> None:
        settings = self.settings
        self.ways = open_ways(url, settings, self.name)
        self._client = self.ways.client
        self.log = RedisLog(
            self._client,
            self.name,
            settings.call.max_events,
            refill_ms=settings.store.refill_ms,
            cluster=self.ways.is_cluster,
        )
        self.index = CallIndex(self._client, retention_of=settings.call.retention_of)
        self._standings = standing.Standings(self._client)
        self._audit_store = AuditStore(
            self._client,
            max_entries=settings.audit.max_entries,
            retention_s=settings.audit.retention_s,
        )
        self.documents = DocumentStore(self._client, most=settings.limits.documents_per_tenant)
        self._showings = ShowingStore(self._client, keep_of(settings))
        self._verdicts = VerdictStore(self._client, showings=self._showings)

    def _make_actors(self) -> None:
        settings = self.settings
        self._loop = Loop()
        self.dispatcher = Dispatcher(
            wake=self._loop.wake,
            clock=time.perf_counter,
            turn_messages=settings.actors.turn_messages,
            turn_s=settings.actors.turn_ms / 1000,
        )
        wheel = Wheel(clock=self._loop.now, send=self.dispatcher.send, on_earlier=self._loop.rearm)
        lag, far_lag = Lag(), Lag()
        self._loop.bind(self.dispatcher, wheel, (lag, far_lag))
        self.store_client = StoreClient(
            log_store=self.log,
            hints=self.ways.hints,
            index=self.index,
            standings=self._standings,
            verdicts=self._verdicts,
            showings=self._showings,
            node=self.name,
            dispatcher=self.dispatcher,
            clock=self.clock.mono,
            link=self.ways.link,
        )
        self.store_client.follower.on_lost = self.ways.suspect
        self.store_client.follower.on_notice = self._on_notice
        self.store_client.listing.now = self.as_it_is
        for channel in (standing.CHANNEL, *CHANNELS):
            self.ways.hints.listen(channel)
        self.ranking = RankingProcess(
            settings, self._url, self.name, self.clock.mono, self._ranking_ahead
        )
        redactor = Redactor(settings.redaction.kinds, settings.redaction.regions)
        counts: Counter[str] = Counter()
        writer = None
        if configured(settings.chat):
            ledger = TokenLedger(self._client, settings.chat.tokens_per_day)
            mono = self.clock.mono
            writer = ModelWriter(settings.chat, ledger, counts, mono, redactor.without_numbers)
        self._assist = AssistPool(self.ranking, self.dispatcher, writer)
        self.audit = AuditTrail(self._audit_store, self.name, self.clock.wall)
        self.rows = WallStore(self._client, self.index)
        self.walls = NodeWalls(
            self.rows,
            self.log,
            self.store_client,
            self.ways.hints,
            self.dispatcher,
        )
        self.directory = Directory()
        self.standing = StandingWatch(
            self.directory, self.index, self._standings, self.store_client.ask, self.clock.mono
        )
        self.tokens.standing = self.standing
        self.notices = Notices(
            self.directory, self.dispatcher, self.store_client.ask, self.clock.mono
        )
        self._gate = LocalGate(self.tokens, self.index, self.dispatcher, self.standing.listed)
        self.context = Context(
            node=self.name,
            settings=settings,
            dispatcher=self.dispatcher,
            wheel=wheel,
            clock=self.clock,
            random=random.Random(),
            store=self.store_client,
            assist=self._assist,
            gate=self._gate,
            redactor=redactor,
            counts=counts,
            allowances=allowances_of(settings.limits),
            rooms=NoRooms(),
            call=self.directory.call,
            forget=self.directory.forget,
            identified=self._identified,
            departed=self.directory.departed,
            lag=lag,
            far_lag=far_lag,
            audit=self.audit,
            walls=self.walls,
        )
        self.directory.bind(self.context)
        self._limits = SharedLimits(
            self._client, self.context.allowances, self.clock.mono, self.clock.wall
        )
        self._condition = ConditionKeeper(
            self.context,
            self.directory,
            away_s=self._away_s,
            ranks=lambda: self.ranking.runs,
            words_only=lambda: self.ranking.words_only,
            empty=self.ranking.empty,
        )
        self.tokens.refused = self.audit.refused
        self.audit.compare_settings(settings, self._client)
        self._sweep = Sweep(self)
        self._incidents = Incidents(self.directory.supervisor.incidents)
        gevent.spawn(self._watch_known_documents)

    @property
    def rooms(self) -> Any:
        return self.context.rooms

    @rooms.setter
    def rooms(self, rooms: Any) -> None:
        self.context.rooms = rooms

    @property
    def suggester(self) -> RankingProcess:
        return self.ranking

    # --- what the web asks ----------------------------------------------------------------

    def ask_call(self, key: CallKey, build: Callable[[Any, Any], Any]) -> Any:
        """Tell the call's actor what `build(reply_to, token)` makes and wait for its answer.
        Returns its value; raises its refusal, Busy or Timeout."""
        if self.draining:
            raise Draining("The node is leaving; ask again")
        timeout_s = self.settings.actors.command_timeout_s + 2
        return ask(lambda: self.directory.call(key), build, timeout_s)

    def as_it_is(self, key: CallKey) -> CallView:
        """The call, from its log. Raises UnknownCall, or another EngineError for now."""
        detail = self.ask_call(key, lambda ref, token: m.Inspect(None, ref, token))
        view: CallView = detail.call
        return view

    def watch_documents(self, tenant: str) -> None:
        self.ranking.watch(tenant)

    def documents_changed(self, tenant: str) -> None:
        self.ranking.look(tenant)

    def spend(self, who: Identity, kind: Kind, tokens: int) -> None:
        spender = Spender(who.tenant, who.agent_id, kind)
        self.context.allowances.spend(spender, self.clock.mono(), tokens)

    def revoke(self, tenant: str, agent_id: str) -> None:
        """Close the agent's connections on every node, and refuse their tokens of before."""
        found = self._standings.revoke(tenant, agent_id)
        self.directory.close_agent(tenant, agent_id, Revoked(REVOKED), unless=found.admits)

    def audit_entries(self, tenant: str, after: str, limit: int) -> list[Kept]:
        return self._audit_store.read(tenant, after, limit)

    def erase(self, key: CallKey) -> bool:
        """The call's log and all that was derived from it. False: there was none."""
        self.ask_call(key, lambda ref, token: m.Erase(ref, token))
        self._verdicts.forget_call(key.tenant, key.call_id)
        self._showings.forget_call(key)
        known = self.index.remove(key.tenant, key.call_id)
        found = self.log.delete(key) or known
        self.notices.erased(key)
        self.walls.removed(key)
        return found

    def verdicts(self, tenant: str, doc_id: str) -> list[Verdict]:
        return self._verdicts.of(tenant, doc_id)

    def _watch_known_documents(self) -> None:
        """Their index is ready before the first call asks; without any, nothing is started."""
        try:
            tenants = self.documents.tenants()
        except EngineError:
            return  # a first question starts it
        for tenant in tenants:
            self.ranking.watch(tenant)

    def _away_s(self) -> float:
        """For how long the store has not answered; 0 when it does."""
        away = self.store_client.presence.away_since
        return 0.0 if away is None else self.clock.mono() - away

    def refusal(self) -> EngineError | None:
        """Why nobody new may come in now; None: they may."""
        if self.draining:
            return Draining("The node is leaving; connect again")
        if len(self.directory.connections) >= self.settings.limits.max_connections:
            return TooManyConnections("The node is full", retry_after_ms=2000)
        return None

    def ready(self) -> list[str]:
        """Why no traffic should come here; [] when it should."""
        reasons = []
        if self.draining:
            reasons.append("draining")
        trouble = self.store_trouble()
        if trouble or self._away_s() > AWAY_READY_S:
            reasons.append(trouble or "the store is away")
        if len(self.directory.connections) >= FULL_SHARE * self.settings.limits.max_connections:
            reasons.append("the node is full")
        return reasons

    def why(self) -> HealthReason | None:
        """What keeps every tenant's suggestions from being at their best; None: nothing."""
        return self.context.condition.why("")  # '' is nobody's tenant, and has no documents to lack

    def metrics(self) -> bytes:
        """This process's numbers, as Prometheus reads them."""
        return exposition(lambda: numbers_of(self))

    # --- other processes of this server ---------------------------------------------------

    def meet(self, number: int, siblings: Siblings) -> None:
        self.number, self._siblings = number, siblings

    def others(self, page: str) -> dict[int, bytes]:
        """What the other processes on this port answer, by their numbers."""
        return self._siblings.ask(page) if self._siblings is not None else {}

    # --- other nodes ----------------------------------------------------------------------

    def _on_notice(self, notice: Notice) -> None:
        if notice.channel == standing.CHANNEL:
            self.standing.on_announcement(notice.body)
        elif notice.channel == TABS:
            self.notices.on_tab(notice.body)
        elif notice.channel == LEASES:
            self.notices.on_free(notice.body)
        elif notice.channel == ERASED:
            self.notices.on_erased(notice.body)
        else:
            self.walls.on_notice(notice.channel, notice.body)

    def _identified(
        self, ref: Any, connection_id: str, identity: Identity, client_id: str | None
    ) -> None:
        if self.directory.identified(ref, connection_id, identity, client_id) and client_id:
            self.notices.came(identity, client_id, connection_id)
        if not self.standing.admits(identity):  # revoked while the token was on its way here
            self.dispatcher.send(ref, m.Close(Revoked(REVOKED)))

    # --- ending ---------------------------------------------------------------------------

    def drain(self) -> None:
        self.draining = True
        say_goodbye(self.directory, self.dispatcher, self.notices)

    def close(self) -> None:
        end_calls(self.directory, self.store_client)
        self._sweep.close()
        self._limits.close()
        self._incidents.close()
        self._condition.close()
        self.ranking.close()
        self._gate.close()
        self.tokens.close()
        self.standing.close()
        self.audit.close()
        self.ways.close()
        self.walls.close()
        self.store_client.close()
        self._loop.close()
        self._client.close()
