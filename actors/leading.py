"""Leading: on one node at a time, a call is also looked after.

Owns the lease, when to ask for a suggestion, and the outcome of every trigger (shown,
unchanged, quiet, superseded, failed). What a leader writes carries its fence, so a leader
that slept past its lease writes nothing. Ranks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors import messages as m
from engine import decide
from engine.assist.view import CallExcerpt, CallLine
from engine.wire import TranscriptionUpdate

if TYPE_CHECKING:
    from actors.call import CallActor

EXCERPT_LINES = 12
SAFE_SHARE = 2 / 3  # of a lease, counted from before it was asked for
BEAT_S = 0.25  # a node's leases are renewed on this beat: those of one go out together


class Leader:
    """Run inside the CallActor's turns. `fence` None: another node leads, or nobody."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self.fence: int | None = None
        self._until = 0.0  # monotonic; past it we do not act as the leader
        self._asking = False  # a lease tick or an answer is on its way
        self._wanted: str | None = None  # the newest customer segment without an outcome
        self._debouncing = False
        self._ranking = False

    # --- the lease ------------------------------------------------------------------------

    @property
    def leads(self) -> bool:
        return self.fence is not None and self._actor.context.clock.mono() < self._until

    def begin(self) -> None:
        """Ask for the lease, if the call lives and we have not asked."""
        if not self._asking and self._alive:
            self._asking = True
            self._ask()

    @property
    def _alive(self) -> bool:
        call = self._actor.call
        return call is not None and call.exists and call.status != "ended"

    def _ask(self) -> None:
        context = self._actor.context
        ttl_ms = int(context.settings.actors.lease_s * 1000)
        context.store.lead(self._actor.key, ttl_ms, context.clock.mono(), self._actor.actor_ref)

    def on_led(self, led: m.Led) -> None:
        """`ttl_ms` 0: the store was away; the lease we may hold runs on until its end."""
        context = self._actor.context
        if led.mine:
            newly = not self.leads
            if led.fence != self.fence:
                # Fence 1 is the first of a log: nobody led it before.
                context.counts["leases:taken" if led.fence == 1 else "leases:taken_over"] += 1
            self.fence = led.fence
            self._until = led.asked_at + context.settings.actors.lease_s * SAFE_SHARE
            if newly:
                self._resume()
        elif led.ttl_ms:
            self.lose()
        third_s = context.settings.actors.lease_s / 3
        # A little apart, so that a dead leader's calls are not all asked for at once.
        delay_s = third_s * context.random.uniform(0.8, 1.0)
        now = context.clock.mono()
        if third_s > BEAT_S:
            delay_s = (now + delay_s) // BEAT_S * BEAT_S - now
        self._actor.later(delay_s, m.Tick("lease"))

    def lose(self) -> None:
        """Another node leads: it said so, or the log refused our fence."""
        if self.fence is not None:
            self.fence = None
            self._actor.context.counts["leases:lost"] += 1

    def on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "lease":
            if self._alive:
                self._ask()
            else:
                self._asking = False
                if self.fence is not None:
                    self.fence = None
                    self._actor.context.store.resign(self._actor.key)
        elif tick.kind == "debounce":
            self._debouncing = False
            self._rank()

    def _resume(self) -> None:
        """A new leader sees to the last thing the customer said, if nobody did."""
        call = self._actor.call
        if call is None or self._wanted is not None:
            return
        for line in reversed(call.segments):
            if line.speaker == "customer":
                handled = call.suggestion
                if handled is None or handled.because != line.segment_id:
                    self._want(line.segment_id)
                return

    # --- suggestions ----------------------------------------------------------------------

    def on_final(self, update: TranscriptionUpdate) -> None:
        if update.speaker == "customer" and self._alive:
            self._want(update.segment_id)

    def _want(self, segment_id: str) -> None:
        if self._wanted is not None:
            self._count("superseded")
        self._wanted = segment_id
        if not self._debouncing and not self._ranking:
            self._debounce()

    def _debounce(self) -> None:
        self._debouncing = True
        delay_s = self._actor.context.settings.assist.debounce_ms / 1000
        self._actor.later(delay_s, m.Tick("debounce"))

    def _rank(self) -> None:
        call, because = self._actor.call, self._wanted
        if because is None or self._ranking:
            return
        if call is None:
            self._debounce()  # the call is being read anew
            return
        if not self.leads:
            # Not ours to do. The leader has the same trigger, or the next one finds it.
            self._wanted = None
            return
        self._wanted = None
        self._ranking = True
        lines = tuple(
            CallLine(line.speaker, line.text, line.segment_id, _seq(line))
            for line in list(call.segments)[-EXCERPT_LINES:]
        )
        excerpt = CallExcerpt(self._actor.key.tenant, lines, frozenset(call.dismissed))
        self._actor.context.assist.suggest(self._actor.key, because, excerpt, self._actor.actor_ref)

    def on_proposed(self, proposed: m.Proposed) -> None:
        if proposed.failed:
            self.settled(proposed, appended=False, failed=True)
        elif not self.leads:
            self._count("superseded")
            self._next()
        else:
            self._actor.writer.submit(proposed)

    def draft(self, proposed: m.Proposed) -> decide.Draft | None:
        """Called by the writer, on the fold as it is then."""
        if self._actor.call is None or not self.leads:
            return None  # it waited for the store, and the lease has lapsed meanwhile
        return decide.suggestion(
            self._actor.call,
            proposed.because,
            proposed.documents,
            proposed.summary,
            proposed.summary_kind,
        )

    def settled(self, proposed: m.Proposed, *, appended: bool, failed: bool = False) -> None:
        """The outcome of one trigger, counted once."""
        if failed:
            self._count("failed")
        elif appended:
            self._count("shown")
        elif not self.leads:
            self._count("superseded")
        else:
            self._count("unchanged" if proposed.documents else "quiet")
        self._next()

    def _next(self) -> None:
        self._ranking = False
        if self._wanted is not None and not self._debouncing:
            self._debounce()

    def _count(self, outcome: str) -> None:
        self._actor.context.counts[f"suggestions:{outcome}"] += 1


def _seq(line: TranscriptionUpdate) -> int:
    return line.seq if isinstance(line.seq, int) else 0
