"""The line between one browser and its node: frames down in order, commands up in order.

Implements the Outlet port. Owns the socket's small buffer, stalls, cuts, and ends that only
one side has noticed. It judges nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from actors import messages as m
from actors.mailbox import MailboxFull
from actors.ports import Frame
from engine.errors import Busy

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

LINGER_S = 1.0  # for who was told to go, before the socket is closed

_decode = msgspec.json.Decoder().decode


class Line:
    def __init__(self, cluster: Cluster, node: Node, browser: Any) -> None:
        self._cluster = cluster
        self.node = node
        self._browser = browser
        self._window = cluster.random.choice((1, 3, 8, 64))
        self._down: deque[tuple[Any, ...]] = deque()
        self._pumping = False
        self._wants_room = False
        self._up_free_at = 0.0
        self._moved_at = cluster.time.now
        self.stalled = False
        self.ended = False  # nothing goes either way any more
        self.closing = False
        self.connection_id = cluster.next_name("connection-")
        self.ref = node.directory.connect(self.connection_id, self)

    # --- the outlet -----------------------------------------------------------------------

    def send(self, frame: Frame) -> bool:
        if self.closing or self.ended:
            return False
        if len(self._down) >= self._window:
            self._wants_room = True
            return False
        self._put(("event", frame))
        return True

    def answer(self, ack_id: Any, body: bytes) -> None:
        if not self.closing and not self.ended:
            self._put(("ack", ack_id, body))

    def close(self, *, reconnect: bool) -> None:
        if not self.closing and not self.ended:
            self._put(("close", reconnect))
            self.closing = True
            self._cluster.time.later(LINGER_S, self.cut)

    def rest(self, resting: bool) -> None: ...

    def trust(self) -> None: ...

    def stalled_s(self) -> float:
        return self._cluster.time.now - self._moved_at if self._down else 0.0

    def _put(self, item: tuple[Any, ...]) -> None:
        if not self._down:
            self._moved_at = self._cluster.time.now
        self._down.append(item)
        self._pump_soon()

    # --- the way down ---------------------------------------------------------------------

    def _pump_soon(self) -> None:
        if self._down and not self._pumping and not self.stalled:
            self._pumping = True
            delay_s = self._cluster.random.choice((0.0005, 0.002, 0.03))
            self._cluster.time.later(delay_s, self._pump)

    def _pump(self) -> None:
        self._pumping = False
        if self.stalled or self.ended:
            return
        for _ in range(self._cluster.random.randint(1, len(self._down))):
            item = self._down.popleft()
            self._moved_at = self._cluster.time.now
            self._hand_over(item)
            if self.ended:
                return
        if self._wants_room and len(self._down) <= self._window // 2:
            self._wants_room = False
            self.node.receive(lambda: self._tell(m.Room()))
        self._pump_soon()

    def _hand_over(self, item: tuple[Any, ...]) -> None:
        if item[0] == "event":
            name, fields, body = decoded(item[1])
            self._browser.on_event(self, name, fields, body)
        elif item[0] == "ack":
            self._browser.on_ack(self, item[1], _decode(item[2]))
        else:
            self.end()
            self._browser.on_lost(self)

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled
        self._pump_soon()

    # --- the way up -----------------------------------------------------------------------

    def up(self, body: Any, ack_id: Any) -> None:
        time = self._cluster.time
        due = max(self._up_free_at, time.now + self._cluster.random.choice((0.0005, 0.005, 0.03)))
        self._up_free_at = due
        time.later(due - time.now, lambda: self.node.receive(lambda: self._ask(body, ack_id)))

    def _ask(self, body: Any, ack_id: Any) -> None:
        if self.ended or not self.ref.is_alive():
            return
        try:
            self.ref.tell(m.Ask(body, ack_id))
        except MailboxFull:
            refusal = Busy("Too many commands are waiting on this connection", retry_after_ms=500)
            self._tell(m.Refuse(ack_id, refusal))

    # --- the end --------------------------------------------------------------------------

    def end(self, noticed_after_s: float = 0.001) -> None:
        """Nothing more arrives; the node notices after a while."""
        if not self.ended:
            self.ended = True
            self._down.clear()
            noticed_at = self._cluster.time.now + noticed_after_s
            self._cluster.half_open_until = max(self._cluster.half_open_until, noticed_at)
            gone = lambda: self._tell(m.Gone())  # noqa: E731
            self._cluster.time.later(noticed_after_s, lambda: self.node.receive(gone))

    def cut(self, noticed_after_s: float = 0.001) -> None:
        """The browser notices at once."""
        if not self.ended:
            self.end(noticed_after_s)
            self._browser.on_lost(self)

    def _tell(self, message: Any) -> None:
        if self.ref.is_alive():
            self.node.dispatcher.send(self.ref, message)


def decoded(frame: Frame) -> tuple[str, Any, bytes]:
    """(event, fields, body), made once for all receivers."""
    if frame.encoded is None:
        name, fields = _decode(frame.packet[1:])
        frame.encoded = (name, fields, frame.packet[len(name) + 5 : -1])
    found: tuple[str, Any, bytes] = frame.encoded
    return found
