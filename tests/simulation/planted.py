"""Classic bugs, planted one at a time in the real code, to see that the simulation bites.

Owns a table: a name in words -> what is exchanged for what. Each exchange asserts that what
it replaces is there, so a bug that no longer fits the code says so instead of passing. The
bugs of writing, leading and the store are in planted_writing.py, those of epochs in
planted_epochs.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from actors import chunks
from actors import messages as m
from actors.agent import AgentActor
from actors.audience import Audience
from actors.call import CallActor
from actors.following import Follower
from actors.subscription import State, Subscription
from actors.subscriptions import Subscriptions
from engine.call import Call
from tests.simulation.planted_epochs import EPOCH_BUGS
from tests.simulation.planted_writing import WRITING_BUGS

Swap = tuple[Any, str, Any]


def _no_gap_check(self: Subscription, frame: m.LogFrame) -> bool:
    if self.state is State.LIVE and frame.seq > self.seq:
        self._pass_on(frame)
    return True


def _hint_gap_folded(self: Follower, hint: Any) -> None:
    """A hint beyond the next event is folded as if nothing were missing."""
    call = self._actor.call
    if hint.seq == 0 or call is None or hint.epoch != call.epoch:
        _on_hint(self, hint)
        return
    for stored in hint.events:
        if stored.seq > call.seq and self._actor.writer.batch is None:
            self._actor.advance(stored, own=False)


_on_hint = Follower.on_hint


def _duplicate_hint_applied(self: Follower, hint: Any) -> None:
    call = self._actor.call
    if hint.seq and call is not None and hint.epoch == call.epoch and (
        hint.seq <= call.seq and self._actor.writer.batch is None
    ):  # fmt: skip
        for stored in hint.events:
            self._actor.advance(stored, own=False)
        return
    _on_hint(self, hint)


def _hint_is_the_load(self: Follower, hint: Any) -> None:
    """A hint that comes while the log is being read begins the fold."""
    actor = self._actor
    if actor.call is None and actor.loading and hint.seq > 0:
        actor.call = Call.empty(actor.key, hint.epoch, hint.seq)
        actor.loading = False
        for stored in hint.events:
            actor.advance(stored, own=False)
        actor.waiting.release(None)
        return
    _on_hint(self, hint)


def _look_ignored(self: Follower, top: m.TopSeen) -> None:
    """Nobody finds a lost last hint."""


def _snapshot_before_join(self: Audience, join: m.Join, call: Call) -> None:
    """The answer leaves now, the connection is told of events a little later."""
    _admit(self, join, call)
    joined = self._joined.pop(join.connection_id)
    self._actor.later(0.05, m.Tick("join", _Later(join.connection_id, joined)))


_admit = Audience._admit


class _Later:
    def __init__(self, connection_id: str, joined: Any) -> None:
        self.connection_id = connection_id
        self.joined = joined


def _admits_later(self: CallActor, tick: m.Tick) -> None:
    if isinstance(tick.about, _Later):
        self.audience._joined[tick.about.connection_id] = tick.about.joined
    else:
        _on_tick(self, tick)


_on_tick = CallActor._on_tick


def _join_before_snapshot(self: Audience, join: m.Join, call: Call) -> None:
    """The cursor is of now, the snapshot was made before the last event."""
    shown = list(call.segments)
    if shown:
        call.segments.pop()
    try:
        _admit(self, join, call)
    finally:
        if shown:
            call.segments.append(shown[-1])


def _cursor_first(self: Subscription, frame: m.LogFrame) -> bool:
    self.epoch, self.seq = frame.epoch, frame.seq
    if self._outlet.send(frame.frame):
        return True
    self.state = State.BEHIND
    return False


def _ring_past_its_end(self: Audience, ask: m.CatchUp, call: Any) -> None:
    """What the ring has is taken for what was asked for."""
    if call is None or call.epoch != ask.epoch or ask.after >= call.seq or not self.ring:
        _catch_up(self, ask, call)
        return
    start = ask.after + 2 - self.ring[0].seq
    frames = chunks.bounded(list(self.ring)[max(0, start) :])
    self._actor.send(ask.agent, m.Chunk(self._actor.key, ask.generation, frames, call.seq))


_catch_up = Audience.catch_up


def _any_generation(self: Subscriptions, key: Any, generation: int) -> Subscription | None:
    return self._by_call.get(key)


def _prelude_again(self: Subscription, top: int | None) -> None:
    """A greeting that did not fit begins again when there is room."""
    greeting = list(self._prelude or ())
    _continue(self, top)
    if self._prelude:
        self._prelude.clear()
        self._prelude.extend(greeting)


_continue = Subscription._continue


def _drops_unnoticed(self: AgentActor, message: Any) -> None:
    self._dropped = self.actor_inbox.dropped
    _on_receive(self, message)
    self._dropped = self.actor_inbox.dropped


_on_receive = AgentActor.on_receive


def _live_too_early(self: Subscription, chunk: m.Chunk) -> None:
    """After one chunk a subscription calls itself live, and waits for the next event."""
    _on_chunk(self, chunk)
    if self.state is State.CATCHING_UP:
        self.state = State.LIVE


_on_chunk = Subscription.on_chunk

READING_BUGS: dict[str, tuple[Swap, ...]] = {
    "no gap check at the cursor": ((Subscription, "on_event", _no_gap_check),),
    "no gap check on hints": ((Follower, "on_hint", _hint_gap_folded),),
    "duplicate hint applied": ((Follower, "on_hint", _duplicate_hint_applied),),
    "hint before confirmation taken for the load": ((Follower, "on_hint", _hint_is_the_load),),
    "lost last hint never looked for": ((Follower, "on_top", _look_ignored),),
    "snapshot before join": (
        (Audience, "_admit", _snapshot_before_join),
        (CallActor, "_on_tick", _admits_later),
    ),
    "join before snapshot": ((Audience, "_admit", _join_before_snapshot),),
    "cursor advanced before the frame was taken": ((Subscription, "_pass_on", _cursor_first),),
    "ring read past its end": ((Audience, "catch_up", _ring_past_its_end),),
    "answer of an old generation accepted": ((Subscriptions, "_current", _any_generation),),
    "plain prelude twice": ((Subscription, "_continue", _prelude_again),),
    "dropped hint of a full mailbox not noticed": ((AgentActor, "on_receive", _drops_unnoticed),),
    "live before the last chunk": ((Subscription, "on_chunk", _live_too_early),),
    "room not noticed": ((Subscription, "on_room", lambda self: None),),
    "lost actor not told": ((Audience, "lose", lambda self: self._joined.clear()),),
}

BUGS = READING_BUGS | WRITING_BUGS | EPOCH_BUGS
# What a bug needs to show: acts that come often while it is looked for.
FAVOURS: dict[str, tuple[str, ...]] = {
    "answer of an old generation accepted": ("flicker", "say"),
    "dropped hint of a full mailbox not noticed": ("burst",),
    "live before the last chunk": ("stall", "say"),
    "no fence": ("strand",),
    "an old epoch's cursor is sent the new one": ("shorter", "say"),
    "fence not raised": ("shorter", "wait"),
    "refill by seq instead of by key": ("shorter", "say"),
    "what is held is not brought back": ("shorter", "say"),
    "another content for a final accepted": ("contradict",),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The bug is in the code for the length of the block."""
    with ExitStack() as stack:
        for owner, attribute, wrong in BUGS[name]:
            stack.enter_context(patch.object(owner, attribute, wrong))
            if owner is CallActor:
                stack.enter_context(_in_arms(attribute, wrong))
        yield


@contextmanager
def _in_arms(attribute: str, wrong: Callable[..., Any]) -> Iterator[None]:
    """The CallActor finds some handlers by a table that was made before."""
    from actors import call

    changed = {kind: wrong for kind, arm in call._ARMS.items() if arm.__name__ == attribute}
    with patch.dict(call._ARMS, changed):
        yield
