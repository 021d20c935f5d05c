"""Bringing back what the store has lost and this node still holds.

Owns the events kept from a fold that is over, and the appends that bring them back: by key,
in their old order, before anything new is written. A log that is gone altogether is made
anew from the ring and the fold. What may be brought back is engine/refill.py's to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from actors import messages as m
from engine.call import Call
from engine.log import (
    Answer,
    Append,
    Appended,
    Full,
    Known,
    Missing,
    Moved,
    Page,
    Reopened,
    StoredEvent,
)
from engine.refill import again, base_of, state_of, superseded
from engine.times import seconds_of

if TYPE_CHECKING:
    from actors.call import CallActor

HELD = 512  # of epochs that are over; older ones are given up, and counted
RETRY_S = 0.5  # after an append whose answer did not come


class Refiller:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self.held: dict[str, m.LogFrame] = {}  # key -> acknowledged once, oldest first
        self._old: Call | None = None  # the fold they were held with
        self._request: Append | None = None  # of ours, in flight or to be asked again
        self.in_flight = False
        self._remade = False  # the log, by us or another, and not folded yet
        self._waits = False  # a log that is gone, for what is in flight

    @property
    def busy(self) -> bool:
        """Nothing else is written before this is over."""
        return bool(self.held) or self._request is not None

    # --- keeping --------------------------------------------------------------------------

    def keep(self, call: Call | None, ring: Iterable[m.LogFrame]) -> None:
        """The fold is about to be made anew."""
        for frame in ring:
            if frame.key:
                self.held.pop(frame.key, None)
                self.held[frame.key] = frame
        while len(self.held) > HELD:
            del self.held[next(iter(self.held))]
            self._count("refilled:given_up")
        self._old = call or self._old

    def on_loaded(self, page: Page, call: Call) -> None:
        """The fold is made anew, from `page`: what of the kept is not in the log?"""
        leader = self._actor.leader
        leader.seen_fence = max(leader.seen_fence, page.fence)
        if self._old is not None and self._old.epoch != call.epoch:
            self._count("epochs:reopened")
        self._old = None
        if not self.in_flight:
            self._request = None
        if self._remade:
            self._remade = False
            self._actor.index(call.agent_ids)  # who was told that it is unknown asks again
        if not self.held:
            return
        base = state_of(page.base) if page.base is not None else None
        for stored in page.events:
            self.held.pop(stored.key, None)
        for key, frame in list(self.held.items()):
            if base is not None and frame.epoch == base.epoch and frame.seq <= base.seq:
                del self.held[key]  # it is part of what the log begins from
        self.saw(page.events)

    def forget(self) -> None:
        """The call is no more."""
        self.held.clear()
        self._old = self._request = None
        self._remade = self._waits = False

    # --- bringing back --------------------------------------------------------------------

    def go(self) -> None:
        """Append what is missing, as soon as the fold is current and nothing is in flight."""
        actor, call = self._actor, self._actor.call
        if not self.held or call is None or self._request is not None:
            return
        if actor.writing or not actor.follower.caught_up:
            return
        frames = list(self.held.values())
        entries = [
            again(frame.stored(), call.epoch, seq)
            for seq, frame in enumerate(frames, start=call.seq + 1)
        ]
        self._ask(Append(actor.key, call.epoch, call.seq, tuple(entries), refill=True))

    def remake(self) -> bool:
        """The log is gone. True: it is being made anew, from what we hold of it."""
        actor, old = self._actor, self._old
        if actor.writing or (self._request is not None and self._request.create):
            self._waits = True  # what comes of that is seen to first
            return True
        ring = [frame for frame in self.held.values() if old and frame.epoch == old.epoch]
        if old is None or not old.exists or not ring or ring[-1].seq != old.seq:
            return False
        left_s = self._left_s(old)
        if left_s is not None and left_s <= 0:
            return False  # it has ended and had its time
        epoch = max(actor.context.new_epoch(), old.epoch + "0")
        first = ring[0].seq
        entries = [again(frame.stored(), epoch, frame.seq) for frame in ring]
        self._remade = True
        self._ask(
            Append(
                actor.key,
                epoch,
                first - 1,
                tuple(entries),
                fence=actor.leader.seen_fence,
                create=True,
                expire_s=None if left_s is None else max(1, int(left_s)),
                refill=True,
                base=base_of(old, first) if first > 1 else None,
            )
        )
        return True

    def _left_s(self, old: Call) -> float | None:
        """How long the log of an ended call is still kept; None: it has not ended."""
        if old.ended_at is None:
            return None
        context = self._actor.context
        kept_s = context.settings.call.retention_of(self._actor.key.tenant)
        ends = seconds_of(old.ended_at) + kept_s
        return ends - context.clock.wall()

    def _ask(self, request: Append) -> None:
        self._request, self.in_flight = request, True
        self._actor.context.store.append(request, self._actor.actor_ref)

    # --- what comes of it -----------------------------------------------------------------

    def takes(self, answer: Answer | None) -> bool:
        """What came of an append; None: it failed. False: the append was not ours."""
        if not self.in_flight:
            return False
        if answer is None:
            self.in_flight = False
            self._actor.later(RETRY_S, m.Tick("refill"))
        else:
            self._on_answer(answer)
            self._actor.writer.pump()
        return True

    def _on_answer(self, answer: Answer) -> None:
        request, self._request, self.in_flight = self._request, None, False
        if request is None:
            return
        call = self._actor.call
        if request.create:
            self._on_remade(answer)
        elif call is None or call.epoch != request.epoch:
            self._look_anew()
        elif isinstance(answer, Appended):
            self._on_appended(request)
        elif isinstance(answer, Known):
            for key in answer.known:
                self.held.pop(key, None)
            self._actor.follower.expect(max(seq for seq, _ in answer.known.values()))
        elif isinstance(answer, Moved):
            self._actor.follower.on_moved(answer)
        elif isinstance(answer, Reopened):
            self._actor.follower.reload()
        elif isinstance(answer, Missing):
            self._actor.on_missing()
        else:
            assert isinstance(answer, Full), answer
            self._count("refilled:given_up", len(self.held))
            self.held.clear()

    def _on_appended(self, request: Append) -> None:
        self._count("refilled:appended", len(request.entries))
        for seq, entry in enumerate(request.entries, start=request.expected_seq + 1):
            self.held.pop(entry.key, None)
            stored = StoredEvent(seq, entry.event, entry.body, entry.key, entry.digest)
            call = self._actor.call
            if call is not None and seq == call.seq + 1:  # not if it was read meanwhile
                self._actor.advance(stored, own=True)
        self._actor.index()

    def _on_remade(self, answer: Answer) -> None:
        """By us, or by another node; or it was erased."""
        actor = self._actor
        if isinstance(answer, (Missing, Full)):
            self.forget()
            actor.on_missing()
            return
        if isinstance(answer, Appended):
            self._count("epochs:remade")
        actor.follower.load()

    def look(self) -> None:
        """What was in flight is over: is the log still gone?"""
        if self._waits and not self._actor.writing:
            self._waits = False
            if self._actor.loading:
                self._actor.follower.load()

    def _look_anew(self) -> None:
        """The log has begun another epoch since, or is gone."""
        self._request = None
        if self._actor.loading:
            self._actor.follower.load()

    def retry(self) -> None:
        """Asked again with the same keys, before anything else is written. Whether a log was
        made anew is looked at: it may be lost once more, and needs another epoch then."""
        request, call = self._request, self._actor.call
        if request is None or self.in_flight:
            self._actor.writer.pump()
        elif call is not None and call.epoch == request.epoch:
            self._ask(request)
        else:
            self._look_anew()
            self._actor.writer.pump()

    def saw(self, logged: Iterable[StoredEvent]) -> None:
        """What the log holds by now is not brought back, nor what it has replaced since."""
        call = self._actor.call
        first = call.first if call is not None else 0
        held = [frame.stored() for frame in self.held.values()]
        newer = [stored for stored in logged if stored.seq >= first]
        for stored in newer:
            self.held.pop(stored.key, None)
        for key in superseded(held, newer):
            if self.held.pop(key, None) is not None:
                self._count("refilled:superseded")
        if held and not self.held:
            self._actor.later(0.0, m.Tick("refill"))  # what waited for this goes on

    def _count(self, name: str, by: int = 1) -> None:
        self._actor.context.counts[name] += by
