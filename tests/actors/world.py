"""One node in a test's hands: the real actors over the memory log, every turn chosen.

`World` implements the ports actors are given. Nothing answers by itself: what the store was
asked waits in `world.asked` until `answer()`, or is answered at once when `auto` is set.
"""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace
from typing import Any

from actors import messages as m
from actors.context import Context
from actors.directory import Directory
from actors.ports import Frame
from actors.testing import SimulatedDispatcher
from engine.config import Settings
from engine.errors import EngineError, Unauthenticated
from engine.history import history_page
from engine.identity import Identity
from engine.log import CallKey, Hint, LogUnavailable
from engine.log_memory import MemoryLog
from tests.actors.walls import MemoryWalls

START = 1_700_000_000.0


class Screen:
    """An outlet that keeps what it was sent; `room` 0 refuses frames."""

    def __init__(self) -> None:
        self.sent: list[Any] = []  # [event, fields] or ("ack", id, answer)
        self.room = 1_000_000
        self.closed: bool | None = None  # the value of reconnect
        self.stalled = 0.0
        self.rested: list[bool] = []

    def send(self, frame: Frame) -> bool:
        if self.room <= 0 or self.closed is not None:
            return False
        self.room -= 1
        assert frame.packet.startswith(b"2[")
        self.sent.append(json.loads(frame.packet[1:]))
        return True

    def answer(self, ack_id: Any, body: bytes) -> None:
        self.sent.append(("ack", ack_id, json.loads(body)))

    def close(self, *, reconnect: bool) -> None:
        self.closed = reconnect

    def rest(self, resting: bool) -> None:
        self.rested.append(resting)

    def trust(self) -> None: ...

    def stalled_s(self) -> float:
        return self.stalled

    def ack(self, ack_id: Any) -> Any:
        found = [one[2] for one in self.sent if one[0] == "ack" and one[1] == ack_id]
        assert len(found) == 1, f"{len(found)} answers to {ack_id}"
        return found[0]

    def events(self, name: str | None = None) -> list[Any]:
        found = [one for one in self.sent if one[0] != "ack"]
        return [fields for event, fields in found if name in (None, event)]

    def seqs(self) -> list[int]:
        return [fields["seq"] for fields in self.events() if "seq" in fields]


class World:
    """Store, assist, gate, rooms and clock in one; `auto` answers the store at once."""

    def __init__(self, settings: Settings | None = None, *, auto: bool = True) -> None:
        self.dispatcher = SimulatedDispatcher()
        self.log = MemoryLog(clock=self.wall)
        self.log.subscribe(self._on_hint)
        self.auto = auto
        self.asked: list[Any] = []  # what waits for answer()
        self.appends: list[Any] = []  # all that was asked of the log
        self.followed: dict[CallKey, Any] = {}
        self.hints_on = True
        self.late = False  # what the store says takes its time: see `deliver`
        self.on_its_way: list[tuple[Any, Any]] = []
        self.leases_on = True  # False: the store is away for who asks to lead
        self.faults: list[str] = []
        self.reads_away = False
        self.proposals: list[tuple[str, Any, Any]] = []  # (because, excerpt, reply_to)
        self.writes_lines = False
        self.lines: list[tuple[str, Any, Any]] = []  # (because, excerpt, reply_to)
        self.materials: list[tuple[Any, Any]] = []  # (material, reply_to)
        self.shown_ones: list[tuple[Any, Any]] = []  # (suggestion, asked)
        self.unanswered_ones: list[tuple[str, Any]] = []  # (because, asked)
        self.healths: list[bytes] = []  # told to the other nodes
        self.indexed: list[Any] = []
        self.verdicts: list[bytes] = []
        self.interims: list[bytes] = []
        self.rooms_of: dict[str, set[str]] = {}
        self.identities: dict[str, Identity] = {}
        self.directory = Directory()
        self.context = Context(
            node="node-1",
            settings=settings or Settings(),
            dispatcher=self.dispatcher,
            wheel=self.dispatcher.wheel,
            clock=self,
            random=Random(1),
            store=self,
            assist=self,
            gate=self,
            rooms=self,
            call=self.directory.call,
            forget=self.directory.forget,
            identified=self.directory.identified,
            departed=self.directory.departed,
        )
        self.walls = self.context.walls = MemoryWalls(self)
        self.directory.bind(self.context)

    # --- clock ----------------------------------------------------------------------------

    def wall(self) -> float:
        return START + self.dispatcher.time

    def mono(self) -> float:
        return self.dispatcher.time

    # --- driving --------------------------------------------------------------------------

    def run(self, seconds: float = 0.0) -> None:
        """Everybody until idle, moving the clock in small steps."""
        self.dispatcher.run_until_idle()
        left = seconds
        while left > 0:
            step = min(0.05, left)
            self.dispatcher.advance(step)
            self.dispatcher.run_until_idle()
            left -= step

    def answer(self, count: int | None = None) -> None:
        """The store answers what it was asked, oldest first."""
        for _ in range(len(self.asked) if count is None else count):
            self.asked.pop(0)()

    def connect(self, agent_id: str, role: Any = "agent", tenant: str = "default") -> Any:
        """An authenticated connection: (ref, screen)."""
        screen = Screen()
        ref = self.directory.connect(f"{agent_id}-{len(self.directory.connections)}", screen)
        identity = Identity(agent_id, role, tenant, self.wall() + 3600)
        ref.tell(m.Verified(None, identity))
        self.run()
        return SimpleNamespace(ref=ref, screen=screen)

    def command(self, call_id: str, build: Any, tenant: str = "default") -> Any:
        """Tell a call and run; its value, or raises its refusal."""
        box: list[m.Answered] = []
        self.directory.call(CallKey(tenant, call_id)).tell(build(Box(box)))
        self.run()
        assert len(box) == 1, f"{len(box)} answers"
        if box[0].error is not None:
            raise box[0].error
        return box[0].value

    def post(self, call_id: str, build: Any, tenant: str = "default") -> list[m.Answered]:
        """Tell a call without running anybody; what it will be answered."""
        box: list[m.Answered] = []
        self.directory.call(CallKey(tenant, call_id)).tell(build(Box(box)))
        return box

    def epoch(self, call: CallKey) -> str:
        top = self.log.tops([call])[0]
        assert top is not None
        return top.epoch

    # --- the store ------------------------------------------------------------------------

    def _reply(self, ref: Any, message: Any) -> None:
        """At once, or on its way until `deliver` when `late` is set."""
        if self.late:
            self.on_its_way.append((ref, message))
        else:
            self.dispatcher.send(ref, message)

    def deliver(self, place: int = 0) -> None:
        """What has been on its way arrives."""
        self.dispatcher.send(*self.on_its_way.pop(place))

    def _ask(self, answer: Any) -> None:
        if self.auto:
            answer()
        else:
            self.asked.append(answer)

    def append(self, request: Any, reply_to: Any) -> None:
        self.appends.append(request)

        def answer() -> None:
            try:
                message: Any = m.AppendAnswered(self._append(request))
            except LogUnavailable as away:
                message = m.AppendFailed(away.reason, away.uncertain)
            self._reply(reply_to, message)

        self._ask(answer)

    def lose_answers(self, count: int) -> None:
        """The next appends take effect, and nobody hears of it."""
        self.faults += ["lost"] * count

    def _append(self, request: Any) -> Any:
        """`faults`: what happens to the next appends: "away", "vanished"
        (nobody knows), "lost" (it took effect), or "" for none."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise LogUnavailable("the store is away", uncertain=False)
        if fault == "vanished":
            raise LogUnavailable("no answer, and no effect", uncertain=True)
        answer = self.log.append([request])[0]
        if fault == "lost":
            raise LogUnavailable("the answer was lost", uncertain=True)
        return answer

    def read(self, call, purpose, after, limit, reply_to, about=None) -> None:  # type: ignore[no-untyped-def]
        def answer() -> None:
            if self.reads_away:
                away = m.PageRead(purpose, after, None, "the store is away", about)
                self._reply(reply_to, away)
                return
            size = 100_000 if purpose == "load" else limit
            page = self.log.read(call, after, size)
            while purpose == "load" and page and page.events and page.events[-1].seq < page.top:
                more = self.log.read(call, page.events[-1].seq, size)
                assert more is not None
                page = page._replace(events=page.events + more.events)
            self._reply(reply_to, m.PageRead(purpose, after, page, None, about))

        self._ask(answer)

    def history(self, call: CallKey, query: Any, reply_to: Any, token: Any) -> None:
        page = history_page(self.log, call, query)
        self._reply(reply_to, m.Answered(token, page))

    def lead(self, call: CallKey, ttl_ms: int, asked_at: float, reply_to: Any) -> None:
        lease = self.log.lead(call, "node-1", ttl_ms) if self.leases_on else None
        if lease is None:
            self._reply(reply_to, m.Led(asked_at, mine=False, fence=0, ttl_ms=0))
        else:
            self._reply(reply_to, m.Led(asked_at, lease.mine, lease.fence, lease.ttl_ms))

    def resign(self, call: CallKey) -> None:
        self.log.resign(call, "node-1")

    def follow(self, call: CallKey, reply_to: Any) -> None:
        self.followed[call] = reply_to
        self._ask(lambda: self._reply(reply_to, m.Following()))

    def unfollow(self, call: CallKey) -> None:
        self.followed.pop(call, None)

    def publish_interim(self, call: CallKey, body: bytes) -> None:
        self.interims.append(body)

    def index(self, call: CallKey, view: Any, assigned: Any, unassigned: Any) -> None:
        self.indexed.append((call, view, list(assigned), list(unassigned)))
        for agent_id in assigned:
            self.directory.assigned(call, agent_id, view)
        for agent_id in unassigned:
            self.directory.unassigned(call, agent_id)

    def verdict(self, call: CallKey, body: bytes) -> None:
        self.verdicts.append(body)

    def shown(self, call: CallKey, suggestion: Any, asked: Any) -> None:
        self.shown_ones.append((suggestion, asked))

    def unanswered(self, call: CallKey, because: str, asked: Any) -> None:
        self.unanswered_ones.append((because, asked))

    def publish_health(self, call: CallKey, body: bytes) -> None:
        self.healths.append(body)

    def _on_hint(self, hint: Hint) -> None:
        ref = self.followed.get(hint.call)
        if ref is not None and self.hints_on:
            self._reply(ref, m.HintArrived(hint))

    # --- assist, gate, rooms --------------------------------------------------------------

    def suggest(self, call: CallKey, because: str, excerpt: Any, reply_to: Any) -> None:
        self.proposals.append((because, excerpt, reply_to))

    def line(self, call: CallKey, because: str, excerpt: Any, reply_to: Any) -> None:
        self.lines.append((because, excerpt, reply_to))

    def sum_up(self, call: CallKey, material: Any, reply_to: Any) -> None:
        self.materials.append((material, reply_to))

    def verify(self, auth_token: str, token: Any, reply_to: Any) -> None:
        identity = self.identities.get(auth_token)
        error: EngineError | None = None if identity else Unauthenticated("no such token")
        self.dispatcher.send(reply_to, m.Verified(token, identity, error))

    def calls_of(self, identity: Identity, token: Any, reply_to: Any) -> None:
        self.dispatcher.send(reply_to, m.CallsListed(token, []))

    def enter(self, connection_id: str, room: str) -> None:
        self.rooms_of.setdefault(connection_id, set()).add(room)

    def leave(self, connection_id: str, room: str) -> None:
        self.rooms_of.get(connection_id, set()).discard(room)


class Box:
    """Stands where an actor's ref is expected; keeps the answers."""

    actor_class = type("Box", (), {})

    def __init__(self, answers: list[m.Answered]) -> None:
        self._answers = answers

    def tell(self, answer: m.Answered) -> None:
        self._answers.append(answer)
