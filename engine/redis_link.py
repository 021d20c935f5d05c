"""Requests and answers on one connection to the store, without waiting for any of them.

Owns the order of what was asked, what each answer or failure means for its request, and the
bound on what is under way. It does no IO: whoever has the socket sends what `outgoing` gives
and hands in what came. It knows nothing of calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import hiredis

from engine.log import LogUnavailable
from engine.redis_pipe import Script
from engine.redis_refusals import is_refusal
from engine.redis_slots import key_of
from engine.redis_words import Packed, pack, packed_for

PROBE_S = 2.0
MARK_MS = 1000  # how long a mark for the replicas lives

Done = Callable[[Any], None]
_OF_CLUSTERS = ("MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN")


class Replicas(NamedTuple):
    """How many must have a change before it is answered, and how long that may take. An
    append then costs a second round trip, primary to replica, and a write of the mark."""

    needed: int
    wait_ms: int

    def command(self, answer_s: float) -> bytes:
        """Shorter than the wait for an answer: a link is not given up for its replicas."""
        return pack(("WAIT", self.needed, max(1, min(self.wait_ms, int(answer_s * 500)))))


_PING = pack(("PING",))
NO_REPLICAS = Replicas(0, 0)


class LinkBroken(Exception):
    """What came cannot be an answer: the connection is of no use any more."""


class Request:
    __slots__ = ("asked_again", "changes", "done", "hops", "packed", "sent_at")

    def __init__(self, packed: Packed, done: Done, changes: bool, hops: int = 0) -> None:
        self.packed = packed
        self.done = done
        self.changes = changes
        self.hops = hops  # how many nodes of a cluster have sent it on
        self.sent_at = 0.0
        self.asked_again = False  # its script was not in the store


# Hears the error answers of a cluster about where a slot is; True: it takes the request over.
Elsewhere = Callable[[Request, str], bool]


class RedisLink:
    """`done` of a request is called once: with the answer, or with a LogUnavailable whose
    `uncertain` is of this request alone.

    * Not yet given to `outgoing`: certain. Given and not answered: uncertain if it changes.
    * An error answer that says by name that nothing ran: certain.
    * NOSCRIPT: the scripts are loaded and the request is asked again, once.
    * MOVED and its like, on a cluster: `elsewhere` may take the request to another link.
    * READONLY: nothing more is sent here; once the rest is answered, `spent` is true and the
      connection is to be made anew, for the primary may be elsewhere by now.
    * Over `most` requests: refused at once, certain.

    * With `replicas`: what changes something is answered once so many replicas have it too.
      Where fewer say so in time it is uncertain; asked again, it is waited for again.

    Answers must come within `answer_s` of each other while any is due (`overdue`). A link
    that has been silent for `probe_s` is asked for a sign of life by `probe`, so that one
    that is half-dead is known before somebody needs it.
    `on_fault` hears of an exception of a `done`; the answers after it are not held up.
    """

    def __init__(
        self,
        scripts: Sequence[Script],
        *,
        answer_s: float,
        most: int,
        clock: Callable[[], float],
        on_fault: Callable[[Exception], None],
        probe_s: float = PROBE_S,
        replicas: Replicas = NO_REPLICAS,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._loads = [script.load for script in scripts]
        self._answer_s, self._probe_s = answer_s, probe_s
        self._most = most
        self._clock = clock
        self._on_fault = on_fault
        self._replicas = replicas
        self._elsewhere = elsewhere
        self._wait = replicas.command(answer_s)
        self._held: list[tuple[Done, Any]] = []  # answered, and not yet by the replicas
        self._marked = False  # the batch's mark is in the primary
        self._waiting: deque[Request] = deque()
        self._under_way: deque[Request] = deque()
        self._loading = False
        self._retiring = False
        self._heard_at = clock()
        self._reader = hiredis.Reader()
        self.run_id = ""  # of the server at the other end; whoever connects says it

    def ask(self, packed: Packed, done: Done, *, changes: bool, hops: int = 0) -> None:
        if len(self) >= self._most:
            refusal = LogUnavailable("too many requests wait for the store", uncertain=False)
            self._settle(done, refusal)
        else:
            self._waiting.append(Request(packed, done, changes, hops))

    def __len__(self) -> int:
        """Requests without an outcome."""
        return len(self._waiting) + len(self._under_way) + len(self._held)

    @property
    def sendable(self) -> bool:
        """One batch is under way at a time: what is asked meanwhile leaves together when its
        answers are there, since each batch costs both sides a wake-up and two system calls.
        On a link with nothing under way a request leaves at once."""
        return bool(self._waiting) and not self._under_way and not self._retiring

    @property
    def spent(self) -> bool:
        return self._retiring and not self._under_way

    def outgoing(self) -> bytes:
        """Everything that waits, in one piece; from now on it counts as sent. Only when
        `sendable`."""
        waiting, self._waiting = self._waiting, deque()
        now = self._clock()
        for request in waiting:
            request.sent_at = now
        if self._replicas.needed:
            waiting += self._wait_for_replicas(waiting)
        self._under_way += waiting
        run_id = self.run_id
        return b"".join([packed_for(request.packed, run_id) for request in waiting])

    def receive(self, received: bytes) -> None:
        """Settle whatever `received` answers. Raises LinkBroken."""
        self._heard_at = self._clock()
        self._reader.feed(received)
        while True:
            try:
                answer = self._reader.gets()
            except hiredis.ProtocolError as problem:
                raise LinkBroken(str(problem)) from None
            if answer is False:
                return
            if not self._under_way:
                raise LinkBroken("the store answered what nobody asked")
            request = self._under_way.popleft()
            if isinstance(answer, hiredis.ReplyError):
                self._on_error(request, str(answer))
            else:
                self._on_answer(request, answer)

    def overdue(self) -> bool:
        """An answer is late: the link is half-dead, or the store hangs."""
        if not self._under_way:
            return False
        since = max(self._under_way[0].sent_at, self._heard_at)
        return self._clock() - since >= self._answer_s

    def probe(self) -> None:
        """To be called now and then, on a link that is connected."""
        if not len(self) and self._clock() - self._heard_at >= self._probe_s:
            self._waiting.append(Request(_PING, _ignored, changes=False))

    def retire(self) -> None:
        """As after a READONLY: the store may be elsewhere by now."""
        self._retiring = True

    def lose(self, reason: str) -> None:
        """The connection is gone, or could not be made: every request gets its outcome, and
        what is asked from now on waits for a new one."""
        under_way, self._under_way = self._under_way, deque()
        waiting, self._waiting = self._waiting, deque()
        self._loading = self._retiring = False
        self._reader = hiredis.Reader()
        self._release(reason)
        for request in under_way:
            self._settle(request.done, LogUnavailable(reason, uncertain=request.changes))
        for request in waiting:
            self._settle(request.done, LogUnavailable(reason, uncertain=False))

    def renew(self) -> None:
        """A connection begins, perhaps in the place of one that is `spent`; what waits goes
        there."""
        self._heard_at = self._clock()
        self._loading = self._retiring = False
        self._reader = hiredis.Reader()

    def _on_answer(self, request: Request, answer: Any) -> None:
        if request.changes and self._replicas.needed:
            self._held.append((request.done, answer))
        else:
            self._settle(request.done, answer)

    def _wait_for_replicas(self, batch: Sequence[Request]) -> list[Request]:
        """A mark and WAIT, behind a batch that changes something. WAIT is for what its own
        connection wrote, and who asks again after a lost connection writes nothing when the
        first attempt had arrived: the mark is a write that comes after both."""
        first = next((request.packed for request in batch if request.changes), None)
        if first is None:
            return []
        key = key_of(first if isinstance(first, bytes) else first.head) or b"earshot"
        mark = pack(("SET", key + b":mark", "", "PX", MARK_MS))
        return [
            Request(mark, self._on_mark, changes=False),
            Request(self._wait, self._on_replicas, changes=False),
        ]

    def _on_mark(self, outcome: Any) -> None:
        self._marked = not isinstance(outcome, LogUnavailable)

    def _on_replicas(self, outcome: Any) -> None:
        """WAIT has answered, or could not."""
        marked, self._marked = self._marked, False
        count = outcome if marked and isinstance(outcome, int) else 0
        if count < self._replicas.needed:
            self._release(f"{count} of {self._replicas.needed} replicas have it")
            return
        held, self._held = self._held, []
        for done, answer in held:
            self._settle(done, answer)

    def _release(self, reason: str) -> None:
        """What the primary has answered and the replicas have not."""
        held, self._held = self._held, []
        for done, _ in held:
            self._settle(done, LogUnavailable(reason, uncertain=True))

    def _on_error(self, request: Request, error: str) -> None:
        if error.startswith("NOSCRIPT") and not request.asked_again:
            self._load_scripts()
            request.asked_again = True
            self._waiting.append(request)
            return
        if (
            self._elsewhere is not None
            and error.startswith(_OF_CLUSTERS)
            and self._elsewhere(request, error)
        ):
            return
        if error.startswith("READONLY"):
            self._retiring = True
        uncertain = request.changes and not is_refusal(error)
        self._settle(request.done, LogUnavailable(error, uncertain=uncertain))

    def _load_scripts(self) -> None:
        """Before what is asked again. An answer that is an error leaves the script missing,
        and the request that needs it says so."""
        if not self._loading:
            self._loading = True
            self._waiting += [Request(load, self._loaded, False) for load in self._loads]

    def _loaded(self, _: Any) -> None:
        self._loading = False

    def _settle(self, done: Done, outcome: Any) -> None:
        try:
            done(outcome)
        except Exception as fault:  # noqa: BLE001 - it must not hold up those behind it
            self._on_fault(fault)


def _ignored(_: Any) -> None: ...
