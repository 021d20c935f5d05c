"""One connection's place in one call: its cursor, and what an event means to it.

Owns the states between a join and live delivery. Holds no backlog: a subscription that the
socket has no room for is behind, and reads what follows its cursor when there is room, so a
slow browser costs the same memory as a fast one. The only bytes it keeps are those of the
prelude that a client without acknowledgements is greeted with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Protocol

from msgspec import UNSET

from actors import messages as m
from actors.ports import Frame, Outlet
from engine.cursor import Relation, relation
from engine.log import CallKey
from engine.wire import CallSubscribe, Cursor


class State(Enum):
    JOINING = "joining"  # the CallActor has not answered
    LIVE = "live"  # at the top: events arrive one by one
    BEHIND = "behind"  # no room in the socket; nothing is asked for
    CATCHING_UP = "catching up"  # a chunk is on its way


class Owner(Protocol):
    """All subscriptions of the connection."""

    def ask_chunk(self, subscription: Subscription) -> None:
        """Ask the CallActor for what follows the cursor (`epoch`, `seq`)."""
        ...

    def fell_behind(self) -> None:
        """The socket had no room."""
        ...


class Subscription:
    __slots__ = (
        "_outlet",
        "_owner",
        "_prelude",
        "asked",
        "audited",
        "epoch",
        "generation",
        "given",
        "interim",
        "key",
        "plain",
        "ref",
        "seq",
        "state",
    )  # fmt: skip

    def __init__(
        self,
        key: CallKey,
        generation: int,
        interim: bool,
        outlet: Outlet,
        owner: Owner,
    ) -> None:
        self.key = key
        self.generation = generation
        self.interim = interim
        self.epoch, self.seq = "", 0
        self.state = State.JOINING
        self.ref: m.Ref | None = None  # the CallActor, once joined
        # (token, command) of the client who waits for the join; None: we joined by ourselves
        self.asked: tuple[int, CallSubscribe] | None = None
        self.audited = False  # its beginning was noted, so its end will be
        self.plain = False  # asked for without an acknowledgement
        self.given = False  # the call was assigned while it was joined
        self._outlet = outlet
        self._owner = owner
        self._prelude: deque[Frame] | None = None  # an empty deque is 700 bytes

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)

    @property
    def is_behind(self) -> bool:
        return self.state is State.BEHIND

    def join(self, joined: m.Joined, prelude: list[Frame]) -> None:
        """The CallActor answered; `prelude` goes out before anything else."""
        self.ref = joined.ref
        self.epoch, self.seq = joined.cursor.epoch, joined.cursor.seq
        self._greet_with(prelude)
        self._continue(joined.top)
        if self.state is State.LIVE:
            for frame in joined.interims:
                self._outlet.send(frame)

    def on_event(self, frame: m.LogFrame) -> bool:
        """False: the log began a new epoch, and this cursor means nothing."""
        if self.state is not State.LIVE:
            return True  # it comes with a chunk
        if frame.seq == self.seq + 1 and frame.epoch == self.epoch:  # relation's NEXT, quicker
            self._pass_on(frame)
            return True
        found = relation(self.cursor, frame.epoch, frame.seq)
        if found is Relation.GAP:
            self._ask()
        return found is not Relation.RESET

    def on_interim(self, frame: Frame) -> None:
        """Only for who is at the top; a lost one is missed by nobody."""
        if self.interim and self.state is State.LIVE:
            self._outlet.send(frame)

    def on_chunk(self, chunk: m.Chunk) -> None:
        for frame in chunk.frames:
            found = relation(self.cursor, frame.epoch, frame.seq)
            if found is Relation.STALE:
                continue
            if found is not Relation.NEXT or not self._pass_on(frame):
                break
        if self.state is State.CATCHING_UP:
            self._continue(chunk.top)

    def on_room(self) -> None:
        if self.state is State.BEHIND:
            self.state = State.CATCHING_UP
            self._continue(None)

    def look(self) -> None:
        """Something may have been missed: ask for what follows the cursor."""
        if self.state is State.LIVE:
            self._ask()

    def inherit(self, old: Subscription) -> None:
        """What the one before had not yet been greeted with goes out first."""
        self._greet_with(old._prelude or ())
        self.plain, self.audited = old.plain, old.audited

    def ask_again(self) -> None:
        """The store was away when a chunk was asked for."""
        if self.state is State.CATCHING_UP:
            self._ask()

    def _greet_with(self, frames: Iterable[Frame]) -> None:
        self._prelude = deque((*(self._prelude or ()), *frames)) or None

    def _continue(self, top: int | None) -> None:
        """Greet, then live at the top or the next chunk. `top` None: not known."""
        while self._prelude:
            if not self._outlet.send(self._prelude[0]):
                self._fall_behind()
                return
            self._prelude.popleft()
        self._prelude = None
        if top is not None and self.cursor.seq >= top:
            self.state = State.LIVE
        else:
            self._ask()

    def _pass_on(self, frame: m.LogFrame) -> bool:
        if self._outlet.send(frame.frame):
            self.epoch, self.seq = frame.epoch, frame.seq
            return True
        self._fall_behind()
        return False

    def _fall_behind(self) -> None:
        self.state = State.BEHIND
        self._owner.fell_behind()

    def _ask(self) -> None:
        self.state = State.CATCHING_UP
        self._owner.ask_chunk(self)


def prelude_of(joined: m.Joined, encode: Callable[[Any], bytes]) -> list[Frame]:
    """What a client that takes no acknowledgement is greeted with instead of a snapshot."""
    if joined.snapshot is None or joined.status is None:
        return []
    frames = [Frame.of("call:status", encode(joined.status))]
    frames += [
        Frame.of("transcription:update", encode(segment)) for segment in joined.snapshot.segments
    ]
    if joined.snapshot.suggestion is not None:
        frames.append(Frame.of("ai:suggestion", encode(joined.snapshot.suggestion)))
    if joined.snapshot.after_call is not UNSET:
        frames.append(Frame.of("call:summary", encode(joined.snapshot.after_call)))
    return frames
