"""A call is a log: the seam between rules and storage, with its guarantees in prose.

Owns the words of the log (keys, entries, answers) and the `CallLog` protocol. Holds no
storage: log_redis.py is the real one, log_memory.py the reference; one contract suite and
one property-based state machine run on both and they must answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MOVED_LIMIT = 64  # events that a `Moved` answer carries at most
PAGE_BYTES = 65_536  # bodies of a `Page` together, unless its only event is larger
FENCE_LEAP = 1000  # past every fence that a lost second can have given out
TOMBSTONE_S = 86_400  # a node that holds an erased call in memory has noticed by then


class CallKey(NamedTuple):
    """Names a call's log. Every key in the store starts with `earshot:{tenant/call_id}:`."""

    tenant: str
    call_id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.call_id}"


class Entry(NamedTuple):
    """One event to append, encoded already, its own epoch and seq inside `body`.

    `key` makes it idempotent within the call: `kind:actor:id`. `digest` is of what the
    caller sent, so that the same key with another content is told apart.
    """

    key: str
    digest: str
    event: str
    body: bytes


class StoredEvent(NamedTuple):
    """An event as the log holds it; `body` is the JSON the browser gets."""

    seq: int
    event: str
    body: bytes
    key: str
    digest: str


class Append(NamedTuple):
    """All entries or none. `expected_seq` is the top that the writer decided on: 0 for a
    log that `create` makes."""

    call: CallKey
    epoch: str
    expected_seq: int
    entries: tuple[Entry, ...]
    fence: int | None = None  # checked only for what a leader writes
    create: bool = False  # the log must not exist yet; `epoch` is the one it begins with
    expire_s: int | None = None  # the log ends this many seconds from now; None: as it was
    # What was in the log before and was lost with a store that came back shorter: taken in
    # the refill window too. With `create` the whole log was lost: it begins anew behind
    # `expected_seq`, where `base` is the call's state (None only at 0), and `fence` is the
    # highest that is known.
    refill: bool = False
    base: bytes | None = None
    arrived_ms: int = 0  # when the node heard of it, in ms since 1970: for the lag, in hints


class Appended(NamedTuple):
    seq: int  # the top after it


class Known(NamedTuple):
    """Some keys are in the log already: key -> (its seq, True if the digest is the same).

    Nothing was appended. The writer takes them out, renumbers and tries again; a False is
    a conflict for that entry.
    """

    known: dict[str, tuple[int, bool]]


class Moved(NamedTuple):
    """The top is not what the writer decided on: what follows `expected_seq`, oldest first,
    at most MOVED_LIMIT. The writer folds it and decides again. A top below `expected_seq`
    comes with no events: the writer has folded what the log does not hold, and reads anew."""

    top: int
    events: tuple[StoredEvent, ...]


class Reopened(NamedTuple):
    """The log lives under another epoch: fold anew from the log."""

    epoch: str
    top: int


class Refilling(NamedTuple):
    """A new epoch has just begun: what nodes still hold goes first. Nothing was appended; ask
    again in `ms`."""

    ms: int


class Fenced(NamedTuple):
    """A newer leader exists; nothing was appended."""

    fence: int


class Full(NamedTuple):
    """The log would pass `max_events`; nothing was appended."""

    top: int


class Missing(NamedTuple):
    """There is no such log (never created, expired or erased)."""


Answer = Appended | Known | Moved | Reopened | Refilling | Fenced | Full | Missing


class Page(NamedTuple):
    """What follows a place in the log, oldest first. `events` may be fewer than asked for
    (a bound on bytes) but is never empty while `after` is below `top`."""

    epoch: str
    first: int  # the first seq of this epoch; what is before it belongs to older ones
    top: int
    events: tuple[StoredEvent, ...]
    fence: int = 0
    # The state that the log begins from, where it was lost and made anew; in a page from the
    # beginning (`after` 0), whose first event then has another seq than 1.
    base: bytes | None = None


class Top(NamedTuple):
    epoch: str
    seq: int


class Lease(NamedTuple):
    """`fence` only rises along a log's life. `mine` false: another node leads."""

    mine: bool
    fence: int
    ttl_ms: int  # how long the present lease lasts from the store's now


class Hint(NamedTuple):
    """A published append: may be lost, repeated or late, and costs nothing then.

    `seq` is of the first event; the others follow without a gap. seq 0 is no append but
    interim text, a state of the moment that is in no log.
    """

    call: CallKey
    epoch: str
    seq: int
    origin: str  # the node that appended
    events: tuple[StoredEvent, ...]
    arrived_ms: int = 0  # as in Append; 0: not said


class LogUnavailable(Exception):
    """The store did not answer. `uncertain`: what was asked may have taken effect, so it
    must be asked again with the same keys before anything else is written."""

    def __init__(self, reason: str, *, uncertain: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uncertain = uncertain


def check(requests: Sequence[Append]) -> None:
    """Refuse what no writer may ask, by ValueError: an append without entries, the same key
    twice in one append (it could not be known yet), a top below 0, an end not ahead, a log
    made anew behind a seq without what it begins from."""
    for request in requests:
        if not request.entries:
            raise ValueError(f"{request.call}: an append needs an entry")
        keys = {entry.key for entry in request.entries}
        if len(keys) != len(request.entries):
            raise ValueError(f"{request.call}: a key stands twice in one append")
        if request.expected_seq < 0:
            raise ValueError(f"{request.call}: expected_seq must be 0 or more")
        if request.expire_s is not None and request.expire_s < 1:
            raise ValueError(f"{request.call}: expire_s must be 1 or more")
        remade = request.create and request.refill
        if (request.base is not None) != (remade and request.expected_seq > 0):
            raise ValueError(f"{request.call}: base is of a log made anew behind another seq")


class CallLog(Protocol):
    """The log of every call.

    Promises, which the contract suite checks on every implementation:

    * **One order.** seq is 1, 2, 3 … in a call, without hole or repeat, across epochs.
    * **Compare and append.** An append is all or nothing, in one round trip, judged in
      this order: no log -> Missing (with `create`: it is made, an existing one answers
      Reopened with its epoch and top); another epoch -> Reopened; any known key -> Known;
      the refill window is open and this is no `refill` -> Refilling; a fence below the
      log's -> Fenced; a top other than expected_seq -> Moved; a top that would pass
      max_events -> Full; else everything is appended, then published.
      A `create` that is asked again with the same epoch and entries answers Known; a log
      that `create` would make is judged with top 0 and fence 0, and is made only if the
      entries are appended.
    * **Exactly once by key.** A key, once appended, is known as long as the log lives.
    * **In the log** means accepted by the primary (see docs/design.md on fsync).
    * **A store that came back is another.** Whatever looks at a log (append, read, last,
      tops, lead) first compares the run of the server that answers with the run that wrote
      the log. If it is another, the log may have lost its end, so a new epoch begins before
      the question is judged: it sorts after the old one, its first seq is the top + 1, the
      lease is void, the fence is FENCE_LEAP higher, and the refill window is open: for so
      long only `refill` appends are taken. Keys that survived are known still.
    * **A log that is gone is made anew only by a refill.** A `create` with `refill` begins a
      log behind expected_seq, judged with that top; its fence is `fence` (or 0) +
      FENCE_LEAP, and at least the store's time in microseconds, since nobody may have seen
      the last one; its refill window is open, and a page from its beginning carries `base`.
      A log that was deleted is not made anew: Missing, for TOMBSTONE_S.
    * **A hint follows every append**, and only an append; hints may be lost.
    * **Everything of a call lives and expires together.**
    """

    def append(self, requests: Sequence[Append]) -> list[Answer]:
        """Each on its own, in one round trip where the store can; answers in that order.
        Raises LogUnavailable: then the fate of every request is what `uncertain` says.
        Raises ValueError, with nothing asked of the store, for what `check` refuses."""
        ...

    def read(self, call: CallKey, after: int, limit: int) -> Page | None:
        """Events with seq > after, at most `limit` (1 or more). None: no such log."""
        ...

    def last(self, call: CallKey, limit: int) -> Page | None:
        """The last `limit` events (1 or more), oldest first; the bound on bytes leaves out
        the older ones. None: no such log."""
        ...

    def tops(self, calls: Sequence[CallKey]) -> list[Top | None]:
        """Where each log ends, in one round trip where the store can."""
        ...

    def lead(self, call: CallKey, node: str, ttl_ms: int) -> Lease | None:
        """Become or stay the leader. The fence rises by one when the leader changes or its
        lease had lapsed or was resigned. None: no such log. Time is the store's."""
        ...

    def resign(self, call: CallKey, node: str) -> None:
        """Give up the lease if `node` holds it; the fence stays."""
        ...

    def delete(self, call: CallKey) -> bool:
        """Erase everything of the call. False: there was nothing."""
        ...
