"""A browser with a standard Socket.IO client and nothing else: no acknowledgement, no cursor.

It says who it is and what it wants to see in one burst, takes what comes, and does the same
again after every disconnect. Owns nothing but that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import wire
from engine.log import CallKey
from tests.simulation.browsers import Browser
from tests.simulation.line import Line
from tests.simulation.screens import PlainStream
from tests.simulation.written import Broken

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster

MAY_STILL_COME = ("unavailable", "timeout")  # the server goes on by itself
PATIENCE_S = 60.0


class PlainBrowser(Browser):
    streams: dict[CallKey, PlainStream]  # type: ignore[assignment]

    def __init__(self, cluster: Cluster, agent_id: str, calls: list[CallKey]) -> None:
        super().__init__(cluster, agent_id, calls, "")
        self.streams = {}

    def _greet(self) -> None:
        line = self.line
        assert line is not None
        who = f"plain {self.name} by {line.connection_id}"
        self.streams = {call: PlainStream(self.cluster.store, call, who) for call in self.wishes}
        line.up(wire.AgentConnect(self.agent_id, f"agent:{self.agent_id}"), None)
        for call in self.wishes:
            line.up(wire.CallSubscribe(call.call_id), None)
        self.online = True

    def unsubscribe(self, call: CallKey, back_after_s: float) -> None:
        """It does not know how."""

    def on_event(self, line: Line, name: str, fields: Any, body: bytes) -> None:
        if line is not self.line:
            return
        if name == "session:closing":
            self._said = fields
        elif name == "call:unassigned":
            self._put_out(CallKey("default", fields["call_id"]))  # greeted anew, if it is back
        elif name == "error":
            self.cluster.note("browser", f"{self.name} hears {fields['code']}")
            if fields["code"] == "unknown_call" and self.cluster.losses.gone:
                # It goes live when the call is made anew and that is told. Who makes it may
                # fail before: then its user loads the page again.
                self.cluster.time.later(PATIENCE_S, lambda: self._reload_unless_greeted(line))
                return
            if fields["code"] == "unknown_call" and not line.closing:
                raise Broken(f"plain {self.name}: a call that is there and theirs is unknown")
            if fields["code"] not in MAY_STILL_COME:
                line.cut()  # its user loads the page again
        elif "seq" in fields:
            call = CallKey("default", fields["call_id"])
            self.streams[call].on_event(fields, body)

    def _reload_unless_greeted(self, line: Line) -> None:
        if any(stream.place is None for stream in self.streams.values()):
            line.cut()

    def missing(self) -> str | None:
        if self.finished:
            return None
        for call in self.wishes:
            stream = self.streams.get(call)
            log = self.cluster.store.log_of(call)
            if not self.online or stream is None or stream.place is None:
                return f"plain {self.name} is not greeted on {call.call_id}"
            if not stream.greeted or stream.place != (log.epoch, log.top):
                return f"plain {self.name} stands at {stream.place} of {log.epoch} {log.top}"
        return None
