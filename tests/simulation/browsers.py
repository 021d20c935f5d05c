"""A browser as the client package makes one: a session, calls kept subscribed, an outbox.

Owns what web/ui/packages/client does about connections and cursors: acknowledged commands
with a time-out, `since` from its own cursor, stale events dropped, subscribing again after a
gap, jittered returns. Beside what it applies, it judges what it is sent (screens.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import wire
from engine.cursor import Relation, relation
from engine.log import CallKey
from tests.simulation.line import Line
from tests.simulation.outbox import Outbox
from tests.simulation.screens import Place, Stream
from tests.simulation.written import Broken

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

REQUEST_TIMEOUT_S = 10.0
BACKOFF_S = (0.5, 10.0)  # the first window and the widest
STABLE_S = 5.0

NOT_CONNECTED = {"code": "not_connected", "message": "", "retryable": True}
TIMED_OUT = {"code": "timeout", "message": "", "retryable": True}


class Wish:
    """One call that this browser wants to see."""

    def __init__(self) -> None:
        self.cursor: Place | None = None
        self.began: Place | None = None  # where the applied sequence of this epoch begins
        self.applied: list[Place] = []
        self.generation = 0
        self.asking = False
        self.live = False
        self.attempts = 0


class Browser:
    def __init__(
        self, cluster: Cluster, agent_id: str, calls: list[CallKey], client_id: str
    ) -> None:
        self.cluster = cluster
        self.name = cluster.next_name("browser-")
        self.agent_id = agent_id
        self.client_id = client_id
        self.wishes = {call: Wish() for call in calls}
        self.documents: dict[CallKey, list[str]] = {call: [] for call in calls}
        self.line: Line | None = None
        self.online = False
        self.finished = False  # told to stay away, or closed by its user
        self._attempt = 0
        self._online_at = 0.0
        self._last_ack = 0
        self._pending: dict[int, Callable[[Any], None]] = {}
        self._late: dict[int, Callable[[Any], None]] = {}
        self._said: Any = None  # of session:closing
        self.outbox = Outbox(self)

    # --- the connection -------------------------------------------------------------------

    def connect(self) -> None:
        if self.finished or self.line is not None:
            return
        nodes = self.cluster.nodes
        if not nodes:
            self._come_back(None)
            return
        node = self.cluster.random.choice(nodes)
        self.cluster.note("browser", f"{self.name} connects to {node.name}")
        self.line = Line(self.cluster, node, self)
        who = f"{self.name} by {self.line.connection_id}"
        self.streams = {call: Stream(self.cluster.store, call, who) for call in self.wishes}
        self._greet()

    def _greet(self) -> None:
        hello = wire.AgentConnect(self.agent_id, f"agent:{self.agent_id}", self.client_id)
        self.request(hello, self._greeted)

    def _greeted(self, answer: Any) -> None:
        if not answer["ok"]:
            if self.line is not None:
                self.line.cut()
            return
        self.online, self._online_at = True, self.cluster.time.now
        for call in self.wishes:
            self._subscribe(call)
        self.outbox.drain()

    def on_node_gone(self, node: Node) -> None:
        """Its process died: mostly noticed at once, else at the next ping."""
        line = self.line
        if line is None or line.node is not node:
            return
        after_s = 0.01 if self.cluster.random.random() < 0.8 else 5.0
        line.ended = True
        self.cluster.time.later(after_s, lambda: self.on_lost(line))

    def on_lost(self, line: Line) -> None:
        if line is not self.line:
            return
        self.cluster.note("browser", f"{self.name} lost its connection")
        if self.online and self.cluster.time.now - self._online_at >= STABLE_S:
            self._attempt = 0
        self.line, self.online = None, False
        self._fail_pending()
        for wish in self.wishes.values():
            wish.generation += 1
            wish.asking = wish.live = False
            wish.attempts = 0
        said, self._said = self._said, None
        self._come_back(said)

    def _fail_pending(self) -> None:
        pending, self._pending = self._pending, {}
        self._late.clear()
        for answered in pending.values():
            answered({"ok": False, "error": NOT_CONNECTED})

    def _come_back(self, said: Any) -> None:
        if said is not None and not said["reconnect"]:
            self.finished = True
            return
        delay_s = self.delay_s(self._attempt)
        if said is not None:
            delay_s = said["after_ms"] / 1000
        else:
            self._attempt += 1
        self.cluster.time.later(delay_s, self.connect)

    def delay_s(self, attempt: int) -> float:
        first, widest = BACKOFF_S
        return self.cluster.random.random() * min(widest, first * 2 ** min(attempt, 30))

    def leave(self) -> None:
        """The user closes the tab."""
        self.finished = True
        if self.line is not None:
            self.line.cut()

    # --- requests -------------------------------------------------------------------------

    def request(
        self, body: Any, answered: Callable[[Any], None], late: Callable[[Any], None] | None = None
    ) -> None:
        """`late` judges an answer that comes after the time-out; the client ignores it."""
        line = self.line
        if line is None:
            answered({"ok": False, "error": NOT_CONNECTED})
            return
        self._last_ack += 1
        ack_id = self._last_ack
        self._pending[ack_id] = answered
        if late is not None:
            self._late[ack_id] = late
        line.up(body, ack_id)
        self.cluster.time.later(REQUEST_TIMEOUT_S, lambda: self._time_out(ack_id))

    def _time_out(self, ack_id: int) -> None:
        answered = self._pending.pop(ack_id, None)
        if answered is not None:
            answered({"ok": False, "error": TIMED_OUT})

    def on_ack(self, line: Line, ack_id: int, answer: Any) -> None:
        if line is not self.line:
            return
        if not 0 < ack_id <= self._last_ack:
            raise Broken(f"{self.name} was answered what it never asked")
        late = self._late.pop(ack_id, None)
        answered = self._pending.pop(ack_id, late)
        if answered is not None:
            answered(answer)

    # --- calls ----------------------------------------------------------------------------

    def _subscribe(self, call: CallKey) -> None:
        wish = self.wishes[call]
        if wish.asking or not self.online:
            return
        wish.asking, generation, since = True, wish.generation, wish.cursor
        body = wire.CallSubscribe(call.call_id, wire.Cursor(*since) if since else None, True)
        stream = self.streams[call]

        def answered(answer: Any) -> None:
            if answer["ok"]:
                cursor = stream.on_answer(answer["data"], since)
                if wish.generation == generation:
                    self._subscribed(call, wish, answer["data"], cursor)
            elif wish.generation == generation:
                wish.asking = wish.live = False
                self._refused(call, wish, answer["error"])

        def late(answer: Any) -> None:
            if answer["ok"]:
                stream.on_answer(answer["data"], since)

        self.request(body, answered, late)

    def _subscribed(self, call: CallKey, wish: Wish, answer: Any, cursor: Place) -> None:
        wish.asking, wish.live, wish.attempts = False, True, 0
        snapshot = answer.get("snapshot")
        if snapshot is not None:
            wish.cursor = wish.began = cursor
            wish.applied = []
            if snapshot["suggestion"]:
                self._see(call, snapshot["suggestion"])
        elif wish.cursor is None:
            wish.cursor = wish.began = cursor

    def _refused(self, call: CallKey, wish: Wish, error: Any) -> None:
        if self.line is not None and self.line.closing:
            return  # the connection is closing, and so are its questions
        if error["code"] == "unknown_call" and call not in self.cluster.losses.gone:
            raise Broken(f"{self.name}: {call.call_id}, which is there and theirs, is unknown")
        if error["code"] == "not_connected" or not error["retryable"]:
            return
        generation = wish.generation
        delay_s = error.get("retry_after_ms", self.delay_s(wish.attempts) * 1000) / 1000
        wish.attempts += 1
        self.cluster.time.later(
            delay_s, lambda: wish.generation == generation and self._subscribe(call)
        )

    def unsubscribe(self, call: CallKey, back_after_s: float) -> None:
        """And come back to it: maybe while the answer is still on its way."""
        wish, stream = self.wishes[call], self.streams.get(call) if self.online else None
        if stream is None or not (wish.live or wish.asking):
            return
        wish.generation += 1
        wish.live = wish.asking = False
        generation = wish.generation

        def answered(answer: Any) -> None:
            if answer["ok"]:
                stream.place = None

        self.request(wire.CallUnsubscribe(call.call_id), answered, answered)
        if not back_after_s:
            self._subscribe(call)
            return
        self.cluster.time.later(
            back_after_s, lambda: wish.generation == generation and self._subscribe(call)
        )

    # --- events ---------------------------------------------------------------------------

    def on_event(self, line: Line, name: str, fields: Any, body: bytes) -> None:
        if line is not self.line:
            return
        if name == "session:closing":
            self.cluster.note("browser", f"{self.name} is told to go: {fields['code']}")
            self._said = fields
        elif name == "call:assigned":
            call = CallKey("default", fields["call_id"])
            if call in self.wishes and not self.wishes[call].live:
                self._subscribe(call)
        elif name == "call:unassigned":
            self._put_out(CallKey("default", fields["call_id"]))
        elif "seq" in fields:
            call = CallKey("default", fields["call_id"])
            self.streams[call].on_event(fields, body)
            self._apply(call, name, fields)

    def _put_out(self, call: CallKey) -> None:
        """The log of a call that is still theirs was lost: `call:assigned` follows."""
        if call not in self.cluster.losses.gone:
            raise Broken(f"{self.name} was put out of {call.call_id}, which is theirs")
        if call in self.wishes:
            wish = self.wishes[call]
            wish.generation += 1
            wish.live = wish.asking = False
            self.streams[call].place = None

    def _apply(self, call: CallKey, name: str, fields: Any) -> None:
        wish, place = self.wishes[call], (fields["epoch"], fields["seq"])
        found = Relation.GAP if wish.cursor is None else relation(_cursor(wish.cursor), *place)
        if found is Relation.NEXT:
            wish.cursor = place
            wish.applied.append(place)
            if name == "ai:suggestion":
                self._see(call, fields)
        elif not wish.asking and found is not Relation.STALE:
            if found is Relation.RESET:
                wish.cursor = None
            self._subscribe(call)

    def _see(self, call: CallKey, suggestion: Any) -> None:
        seen = self.documents[call]
        seen += [one["id"] for one in suggestion["documents"] if one["id"] not in seen]

    # --- the end --------------------------------------------------------------------------

    def missing(self) -> str | None:
        """What this browser still lacks; None: it shows its calls as they are."""
        if self.finished:
            return None
        for call, wish in self.wishes.items():
            log = self.cluster.store.log_of(call)
            if not self.online or not wish.live:
                return f"{self.name} is not subscribed to {call.call_id}"
            if wish.cursor != (log.epoch, log.top):
                return f"{self.name} stands at {wish.cursor} of {log.epoch} {log.top}"
        return self.outbox.missing()

    def judge(self) -> None:
        """What was applied, from where it began: without hole or repeat, to the end."""
        for call, wish in self.wishes.items():
            if wish.began is None:
                continue
            epoch, began = wish.began
            expected = [(epoch, began + 1 + place) for place in range(len(wish.applied))]
            if wish.applied != expected:
                raise Broken(f"{self.name} applied {wish.applied} of {call.call_id}")


def _cursor(place: Place) -> wire.Cursor:
    return wire.Cursor(*place)
