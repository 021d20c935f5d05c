"""Work that comes in crowds, a little of it in each pass of the loop.

Owns who waits for a turn. A thousand browsers that come back at once need two milliseconds
of our time each; taken one after the other, they let those who are connected have theirs in
between. Nobody waits while there is no crowd.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
from gevent.hub import Waiter

from web.outgoing import Outgoing

# In a pass: greenlets of handshakes, joins and leaves (0.2 to 1 ms each), and reads of what
# newcomers say (0.1 ms with what follows); fewer while actors are behind.
BEGIN_IN_A_PASS = 2
READS_IN_A_PASS, READS_BEHIND = 16, 4


class Turns:
    """One per hub: `Turns.here()`. Bounded by its callers: each connection has a piece of
    work or two. May be called in the hub, `wait` excepted."""

    def __init__(self) -> None:
        self._loop: Any = gevent.get_hub().loop
        self._outgoing = Outgoing.here()
        self._begins: deque[Callable[[], Any]] = deque()
        self._reads: deque[Callable[[], Any]] = deque()
        self._begun = self._read = 0  # in this pass
        # Before web/loop.py's, whose priority is lower, so that what is read here is handled
        # in the same pass.
        self._check = self._loop.check()
        self._checking = False
        self._soon = self._loop.timer(0.0)

    @staticmethod
    def here() -> Turns:
        """The hub's."""
        hub: Any = gevent.get_hub()
        found: Turns | None = getattr(hub, "earshot_turns", None)
        if found is None:
            found = hub.earshot_turns = Turns()
        return found

    def wait(self) -> None:
        """For a greenlet that is there already: go on now, or in a later pass."""
        if self._begun < BEGIN_IN_A_PASS and not self._begins:
            self._begun += 1
            self._watch()
            return
        waiter: Waiter[None] = Waiter()
        self._later(self._begins, partial(self._loop.run_callback, waiter.switch, None))
        waiter.get()

    def spawn(self, work: Callable[[], Any]) -> None:
        """Begin a greenlet, now or in a later pass, in order."""
        if self._begun < BEGIN_IN_A_PASS and not self._begins:
            self._begun += 1
            self._watch()
            gevent.spawn(work)
        else:
            self._later(self._begins, partial(gevent.spawn, work))

    def read(self, read: Callable[[], Any]) -> None:
        """Call `read` in the hub, now or in a later pass, in order."""
        if self._read < READS_BEHIND and not self._reads:
            self._read += 1
            self._watch()
            read()
        else:
            self._later(self._reads, read)

    def __len__(self) -> int:
        return len(self._begins) + len(self._reads)

    def _later(self, queue: deque[Callable[[], Any]], work: Callable[[], Any]) -> None:
        queue.append(work)
        self._go_on()

    def _go_on(self) -> None:
        """The loop must not wait for its sockets: there is work for its next pass. A callback
        would not do, since gevent runs it before it waits; a timer of no time does."""
        if not self._soon.active:  # type: ignore[attr-defined] # the stubs lack it
            self._soon.start(_nothing)

    def _watch(self) -> None:
        if not self._checking:
            self._checking = True
            self._check.start(self._next_pass)

    def _next_pass(self) -> None:
        self._begun = min(len(self._begins), BEGIN_IN_A_PASS)
        for _ in range(self._begun):
            self._begins.popleft()()
        most = READS_BEHIND if self._outgoing.behind else READS_IN_A_PASS
        self._read = min(len(self._reads), most)
        for _ in range(self._read):
            self._reads.popleft()()
        if self._begins or self._reads:
            self._go_on()
        elif not self._begun and not self._read:
            self._checking = False
            self._check.stop()


def _nothing() -> None: ...
