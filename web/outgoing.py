"""What leaves in one pass of the event loop: a connection's frames go out in one send.

Owns the list of writers that hold frames, per hub, and the moment they are flushed: at the
end of the dispatcher's run, or of the callbacks that run now. It holds no bytes itself.
One send of a small frame costs more than making it, so two frames in one send cost half.
"""

from __future__ import annotations

from typing import Any, Protocol

import gevent


class Flushable(Protocol):
    def flush(self) -> None: ...


class Outgoing:
    """One per hub: `Outgoing.here()`. Not for threads.

    `held`: somebody (web/loop.py) promises to call `flush` before the loop waits. `reading`:
    sockets are being read in this pass, and the loop's check comes before it waits. `behind`:
    in the last pass actors had more to do than fits.
    """

    __slots__ = ("_filled", "_loop", "_scheduled", "behind", "held", "reading")

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._filled: list[Flushable] = []
        self._scheduled = False
        self.held = False
        self.reading = False
        self.behind = False

    @staticmethod
    def here() -> Outgoing:
        hub: Any = gevent.get_hub()
        found: Outgoing | None = getattr(hub, "earshot_outgoing", None)
        if found is None:
            found = hub.earshot_outgoing = Outgoing(hub.loop)
        return found

    def add(self, writer: Flushable) -> None:
        """`writer` holds frames from now on; called once until its flush."""
        self._filled.append(writer)
        if not self.held and not self._scheduled:
            self._scheduled = True
            self._loop.run_callback(self._flush_scheduled)

    def flush(self) -> None:
        filled = self._filled
        if filled:
            self._filled = []
            for writer in filled:
                writer.flush()

    def _flush_scheduled(self) -> None:
        self._scheduled = False
        self.flush()
