"""Keeping the fold of a call as new as its log.

Owns what is known to be in the log and not folded yet, and the reading of it: one read in
flight, asked for by hints, looks at the top, and answers to appends. Every way a node can
fall behind ends here: in the next events of the log, or in a fold made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m
from actors.chunks import CHUNK_EVENTS
from actors.consequences import of_foreign_state
from engine.cursor import Relation, relation
from engine.log import Hint, Moved, StoredEvent

if TYPE_CHECKING:
    from actors.call import CallActor

RELOAD_S = 1.0  # between tries to read a log from a store that is away


class Follower:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._expected = 0  # a seq known to be in the log; above the fold: read first
        self._reading: int | None = None  # a gap is being read, from behind this seq
        self._confirming = False  # that read decides what becomes of a refusal
        self._short_reads = 0  # reads in a row that ended below what was expected

    @property
    def caught_up(self) -> bool:
        """The fold is as new as anything we know of."""
        call = self._actor.call
        behind = call is not None and self._expected > call.seq
        return not self._actor.loading and not behind and not self._confirming

    @property
    def current(self) -> bool:
        """And nothing has to be brought back first: rules may be decided on it."""
        return self.caught_up and not self._actor.refiller.busy

    def reload(self) -> None:
        """Fold anew from the log: it lives under another epoch, or we do not trust ours. What
        we held is kept, for the log may have lost it."""
        actor = self._actor
        actor.distrust()
        actor.loading = True
        self._expected = 0
        self._reading, self._confirming = None, False
        actor.audience.reopen()
        self.load()

    def load(self) -> None:
        actor = self._actor
        actor.context.store.read(actor.key, "load", 0, 0, actor.actor_ref)

    def expect(self, seq: int) -> None:
        """`seq` is in the log: read up to it before anything else is decided. While our own
        append is in flight the gap waits for its answer, which may fill it."""
        self._expected = max(self._expected, seq)
        actor = self._actor
        if actor.loading or self._reading is not None or actor.writing:
            return
        if actor.call is None:
            if self._expected:
                self.reload()
        elif self._expected > actor.call.seq:
            self._read_on(actor.call.seq)

    def look(self) -> None:
        """Something that held a read back is over."""
        self.expect(self._expected)

    def confirm(self) -> None:
        """Somebody saw no log. What they saw may be older than what we wrote, so it is read
        once more: a page that is not there says that the call is missing."""
        actor = self._actor
        if actor.call is not None and self._reading is None and not actor.writing:
            self._read_on(actor.call.seq)

    def make_sure(self) -> None:
        """A rule is about to refuse what another node's events may allow: the log is read
        before anything else is decided. The caller has a fold and no append in flight."""
        self._confirming = True
        self.confirm()

    def _read_on(self, after: int) -> None:
        actor = self._actor
        actor.context.counts["fold_reads"] += 1
        self._reading = after
        actor.context.store.read(actor.key, "gap", after, CHUNK_EVENTS, actor.actor_ref)

    def look_ahead(self, join: m.Join) -> None:
        """A cursor of our epoch beyond our fold: another node may know more than we do."""
        actor = self._actor
        after = actor.call.seq if actor.call else 0
        actor.context.store.read(actor.key, "gap", after, CHUNK_EVENTS, actor.actor_ref, about=join)

    def on_page(self, read: m.PageRead) -> None:
        actor = self._actor
        if read.purpose == "load":
            actor.on_loaded(read)
        elif read.purpose == "catch_up":
            actor.audience.reads.answered(read, actor.call)
        elif read.about is not None:
            if read.reason is None and actor.call is not None:
                self._fold(read)
            actor.audience.looked_ahead(read)
            actor.writer.pump()
        elif read.after == self._reading:  # else it was asked before the fold was made anew
            self._reading, self._confirming = None, False
            if read.reason is not None:
                actor.later(RELOAD_S, m.TopSeen("", self._expected))
            elif actor.call is not None:
                self._fold(read)
            actor.writer.pump()

    def on_moved(self, moved: Moved) -> None:
        """Another node wrote: fold what it wrote, before we decide again."""
        call = self._actor.call
        if call is None or moved.top < call.seq:
            self.reload()
            return
        self._advance_all(moved.events, "events_folded:moved")
        self.expect(moved.top)

    def on_reopened(self, epoch: str) -> None:
        """An append was answered by the log's epoch: maybe we have folded it anew since."""
        call = self._actor.call
        if not self._actor.loading and (call is None or call.epoch != epoch):
            self.reload()

    def on_hint(self, hint: Hint) -> None:
        actor = self._actor
        call = actor.call
        if hint.seq == 0:
            told = hint.events[0]
            of_foreign_state(actor, hint.origin, told.event, told.body)
            return
        last = hint.seq + len(hint.events) - 1
        if call is None:
            self.expect(last)
        elif hint.epoch != call.epoch:
            if hint.epoch > call.epoch:
                self.reload()
        else:
            for stored in hint.events:
                found = relation(call.cursor, hint.epoch, stored.seq)
                if found is Relation.NEXT and not actor.writing:
                    actor.advance(stored, own=False)
                    actor.context.counts["events_folded:hint"] += 1
                    self._note_lag(hint.arrived_ms)
            self.expect(last)
            if actor.writer.busy:
                actor.writer.pump()  # what waited for a gap that this hint filled

    def _note_lag(self, arrived_ms: int) -> None:
        """By the clocks of two machines, which had better agree."""
        context = self._actor.context
        if arrived_ms and len(self._actor.audience):
            clock = context.clock
            context.far_lag.told(clock.mono() - (clock.wall() - arrived_ms / 1000))

    def on_top(self, top: m.TopSeen) -> None:
        """The log ends at `top.seq`, looked up. An empty epoch: we remind ourselves."""
        call = self._actor.call
        if call is not None and top.epoch and top.epoch != call.epoch:
            if top.epoch > call.epoch:
                self.reload()
            else:
                self.confirm()  # mostly an answer that is late
        else:
            self.expect(top.seq)
            self._actor.writer.pump()

    def _fold(self, read: m.PageRead) -> None:
        call, page = self._actor.call, read.page
        if page is None:
            if not self._actor.writing:  # else the append is answered so too
                self._actor.on_missing()
        elif call is None or page.epoch != call.epoch or page.top < read.after:
            self.reload()  # the log is another one, or shorter than what we have folded
        elif self._actor.writing:
            self.expect(page.top)  # the page may hold what our own append is bringing
        else:
            self._advance_all(page.events, "events_folded:read")
            # A hint may be newer than the read it crossed. If the next read does not know
            # it either, the log is right and whatever we expected is not there.
            self._short_reads = self._short_reads + 1 if page.top < self._expected else 0
            if self._short_reads > 1:
                self._expected, self._short_reads = page.top, 0
            self.expect(page.top)

    def _advance_all(self, events: tuple[StoredEvent, ...], way: str) -> None:
        for stored in events:
            call = self._actor.call
            if call is not None and stored.seq == call.seq + 1:
                self._actor.advance(stored, own=False)
                self._actor.context.counts[way] += 1
