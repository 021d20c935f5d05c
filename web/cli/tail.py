"""One call followed as text, across restarts of the server.

Owns the subscription and its cursor: every event of the log is shown once, in order. What an
event looks like is web/cli/lines.py.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

from engine.cursor import Relation, relation
from engine.wire import LOG_EVENTS, Cursor
from web.cli import lines
from web.cli.bearer import Bearer
from web.cli.connection import Answered, Closed, Connection, Event
from web.cli.failures import Refused, Stopped
from web.cli.patience import Outage, insist

AFTER_END_S = 2.0  # an ended call is followed so much longer, for words still on their way
ANSWER_S = 10.0  # longest wait for the answer to the subscription


class Tail:
    """Follows one call and gives each shown line to `show`. `since` begins after a cursor."""

    def __init__(
        self,
        url: str,
        bearer: Bearer,
        call_id: str,
        show: Callable[[str], None],
        *,
        interim: bool = False,
        raw: bool = False,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._url, self._bearer, self._call_id = url, bearer, call_id
        self._show, self._interim, self._raw = show, interim, raw
        self._outage = Outage(say)
        self.cursor: Cursor | None = None
        self._health: Any = None  # as it was said last
        self._ended = False

    def follow(self, stopping: Callable[[float], bool]) -> None:
        """Until the call has ended, or `stopping(pause_s)` says so. Raises Refused or Failure."""
        while not self._ended and not stopping(0.0):
            try:
                connection = insist(self._connect, stopping, self._outage)
            except Stopped:
                return
            try:
                again_after_s = self._listen(connection, stopping)
            finally:
                connection.close()
            if not self._ended and stopping(again_after_s):
                return

    def _connect(self) -> Connection:
        token = self._bearer.token()
        try:
            connection = Connection(self._url, token)
        except Refused as refusal:
            stale = refusal.code in ("expired", "unauthenticated")
            if not stale or not self._bearer.renew(token):
                raise
            connection = Connection(self._url, self._bearer.token())
        self._subscribe(connection)
        return connection

    def _subscribe(self, connection: Connection) -> None:
        body: dict[str, Any] = {"call_id": self._call_id, "interim": self._interim}
        if self.cursor is not None:
            body["since"] = {"epoch": self.cursor.epoch, "seq": self.cursor.seq}
        connection.ask("call:subscribe", body)

    def _listen(self, connection: Connection, stopping: Callable[[float], bool]) -> float:
        """Shows what arrives; returns after how many seconds to connect again."""
        answered = False
        deadline = time.monotonic() + ANSWER_S
        after_s = 0.2 + 0.3 * random.random()
        while not stopping(0.0):
            match connection.next(0.2):
                case Answered(answer):
                    try:
                        self._take_answer(answer)
                    except Refused as refusal:
                        if not refusal.retryable or refusal.code == "unknown_call":
                            raise
                        return max(after_s, (refusal.retry_after_ms or 1000) / 1000)
                    answered = True
                case Event(name, body) if name == "session:closing":
                    after_s = self._closing(body)
                case Event(name, body) if answered:
                    if not self._take(name, body):
                        self._subscribe(connection)
                        answered, deadline = False, time.monotonic() + ANSWER_S
                case Closed():
                    return after_s
                case None if self._ended and answered:
                    if self._quiet(connection, stopping):
                        return 0.0
                case None if not answered and time.monotonic() > deadline:
                    return after_s
        return 0.0

    def _quiet(self, connection: Connection, stopping: Callable[[float], bool]) -> bool:
        """Whether nothing more comes in the time an ended call is followed."""
        deadline = time.monotonic() + AFTER_END_S
        while time.monotonic() < deadline and not stopping(0.0):
            match connection.next(0.2):
                case Event(name, body):
                    self._take(name, body)
                case Closed():
                    return True
        return True

    def _closing(self, body: dict[str, Any]) -> float:
        if not body.get("reconnect"):
            raise Refused(str(body.get("code")), "The server closed the connection for good")
        return float(body.get("after_ms") or 0) / 1000

    def _take_answer(self, answer: dict[str, Any]) -> None:
        if not answer.get("ok"):
            raise Refused.from_error(answer.get("error") or {})
        found = answer["data"]
        seen = self.cursor
        self.cursor = Cursor(found["cursor"]["epoch"], found["cursor"]["seq"])
        if self._raw:
            self._print_raw("call:subscribe", found)
        snapshot = found.get("snapshot")
        if snapshot is None:
            return
        self._ended = snapshot["call"]["status"] == "ended"
        if not self._raw:
            for line in lines.of_snapshot(snapshot, after_seq=seen.seq if seen else 0):
                self._show(line)

    def _take(self, name: str, body: Any) -> bool:
        """False when an event before this one is missing."""
        if not isinstance(body, dict) or body.get("call_id") != self._call_id:
            return True
        if name in LOG_EVENTS and body.get("seq") is not None:
            assert self.cursor is not None
            place = relation(self.cursor, body["epoch"], body["seq"])
            if place is Relation.STALE:
                return True
            if place is not Relation.NEXT:
                return False
            self.cursor = Cursor(body["epoch"], body["seq"])
        if name == "call:health":
            if body == self._health:
                return True  # said now and then, whether it changed or not
            self._health = body
        if name == "call:status":
            self._ended = body["status"] == "ended"
        if self._raw:
            self._print_raw(name, body)
        else:
            for line in lines.of_event(name, body):
                self._show(line)
        return True

    def _print_raw(self, name: str, body: Any) -> None:
        self._show(json.dumps({"event": name, "data": body}, ensure_ascii=False))
