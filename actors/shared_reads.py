"""Reading the log for those whom the ring cannot help, once for all who want the same.

Owns which reads of a call are under way and who waits for each. Whoever asks for a place that
a read under way will cover joins it; whoever asks for one just read gets it off the node's
shelf. So a thousand browsers that come back at once cost the store a read per range, not a
read each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actors import messages as m
from actors.chunks import CHUNK_EVENTS, bounded

if TYPE_CHECKING:
    from actors.call import CallActor
    from engine.call import Call


class SharedReads:
    """Run inside the CallActor's turns. A connection waits for one chunk of a call at a time,
    so those who wait are no more than those who are joined."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._under_way: dict[int, list[m.CatchUp]] = {}  # after which seq -> who waits

    def ask(self, ask: m.CatchUp) -> None:
        """`ask` is of the call's epoch and below its top."""
        actor = self._actor
        context, key, after = actor.context, actor.key, ask.after
        kept = context.shelf.find(key, ask.epoch, after)
        if kept:
            context.counts["gaps_filled:shelf"] += 1
            self._answer(ask, kept)
            return
        for start, waiting in self._under_way.items():
            if start <= after < start + CHUNK_EVENTS:
                waiting.append(ask)
                return
        self._under_way[after] = [ask]
        context.store.read(key, "catch_up", after, CHUNK_EVENTS, actor.actor_ref)

    def answered(self, read: m.PageRead, call: Call | None) -> None:
        """Whom the page does not reach, because it was cut by its bytes, asks again; so does
        who came from another epoch than it is of."""
        actor, page = self._actor, read.page
        waiting = self._under_way.pop(read.after, [])
        if read.reason is not None:
            self._refuse(waiting)
            return
        if page is None or call is None or page.epoch != call.epoch:
            for ask in waiting:
                actor.send(ask.agent, m.Reopening(actor.key))
            return
        frames = [actor.frame(stored) for stored in page.events]
        if not frames:  # the log ends before our fold does: looks at its top see to that
            self._refuse(waiting)
            return
        actor.context.shelf.put(actor.key, frames)
        source = "log"
        for ask in waiting:
            if ask.epoch != page.epoch or ask.after >= frames[-1].seq:
                actor.audience.catch_up(ask, call)
                continue
            actor.context.counts[f"gaps_filled:{source}"] += 1
            source = "shared_read"
            self._answer(ask, frames[max(0, ask.after + 1 - frames[0].seq) :])

    def _answer(self, ask: m.CatchUp, following: Sequence[m.LogFrame]) -> None:
        actor = self._actor
        frames = bounded(following)
        # Not the page's top: what lies between it and our fold is told when folded.
        top = max(actor.call.seq if actor.call else 0, frames[-1].seq)
        actor.send(ask.agent, m.Chunk(actor.key, ask.generation, frames, top))

    def _refuse(self, waiting: list[m.CatchUp]) -> None:
        for ask in waiting:
            chunk = m.Chunk(self._actor.key, ask.generation, (), 0, unavailable=True)
            self._actor.send(ask.agent, chunk)
