"""Leading: on one node at a time, a call is also looked after.

Owns the lease, when to ask for a suggestion, and the outcome of every trigger (shown,
unchanged, quiet, superseded, failed). What a leader writes carries its fence, so a leader
that slept past its lease writes nothing. The model's line is wording.py's, the after-call
summary closing.py's. Ranks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import messages as m
from actors.closing import Closing
from actors.wording import Wording
from engine import decide
from engine.assist.view import CallExcerpt, CallLine
from engine.wire import TranscriptionUpdate

if TYPE_CHECKING:
    from actors.call import CallActor
    from actors.timers import Timer

EXCERPT_LINES = 12
SAFE_SHARE = 2 / 3  # of a lease, counted from before it was asked for
BEAT_S = 0.25  # a node's leases are renewed on this beat: those of one go out together
# A trigger that was shed is asked again after so long, if the customer has said nothing since.
AGAIN_S = (0.25, 0.5, 1.0, 2.0, 4.0)


class Leader:
    """Run inside the CallActor's turns. `fence` None: another node leads, or nobody."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self.fence: int | None = None
        self.seen_fence = 0  # the highest that the log has told us of
        self._until = 0.0  # monotonic; past it we do not act as the leader
        self._asking = False  # a lease tick or an answer is on its way
        self._next_ask: Timer | None = None
        self._left = False  # the node leaves: it leads no call any more
        self._wanted: str | None = None  # the newest customer segment without an outcome
        self._debouncing = False
        self._ranking = False
        self._quiet_until = 0.0  # the next question is asked after this
        self._asked_at = 0.0
        self._shed = 0  # times in a row
        self.wording = Wording(actor)
        self.closing = Closing(actor)

    def let_go(self) -> None:
        for part in (self.wording, self.closing):
            del part._actor

    # --- the lease ------------------------------------------------------------------------

    @property
    def leads(self) -> bool:
        return self.fence is not None and self._actor.context.clock.mono() < self._until

    @property
    def _wants_leader(self) -> bool:
        return (self._alive or self.closing.due) and not self._left

    def on_loaded(self) -> None:
        """The fold is made anew. A lease that came meanwhile found nothing to see to."""
        if self.leads:
            self._resume()
        self.begin()

    def begin(self) -> None:
        """Ask for the lease, if the call needs a leader and we have not asked."""
        if not self._asking and self._wants_leader:
            self._asking = True
            self._ask()

    def on_status(self) -> None:
        """The call began, changed or ended."""
        self.begin()
        if self.leads:
            self.closing.begin()

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
        self.seen_fence = max(self.seen_fence, led.fence)
        if self._left:
            if led.mine:  # asked for before
                context.store.resign(self._actor.key)
            return
        if led.mine:
            newly = not self.leads
            if led.fence != self.fence:
                # Fence 1 is the first of a log: nobody led it before.
                context.counts["leases:taken" if led.fence == 1 else "leases:taken_over"] += 1
            self.fence = led.fence
            self._until = led.asked_at + context.settings.actors.lease_s * SAFE_SHARE
            if newly:
                self._resume()
                self._actor.row.touch()
        elif led.ttl_ms:
            self.lose()
        third_s = context.settings.actors.lease_s / 3
        # A little apart, so that a dead leader's calls are not all asked for at once.
        delay_s = third_s * context.random.uniform(0.8, 1.0)
        now = context.clock.mono()
        if third_s > BEAT_S:
            delay_s = (now + delay_s) // BEAT_S * BEAT_S - now
        if self._next_ask is not None:
            self._next_ask.cancel()
        self._next_ask = context.wheel.after(delay_s, self._actor.actor_ref, m.Tick("lease"))

    def lose(self) -> None:
        """Another node leads: it said so, or the log refused our fence; or a new epoch began,
        which knows no leader yet."""
        if self.fence is not None:
            self.fence = None
            self._actor.context.counts["leases:lost"] += 1

    def on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "leave":
            self._leave()
        elif tick.kind == "vacant":
            # Its leader has left and said so: no need to wait for our turn.
            if self._asking and self.fence is None and self._wants_leader:
                self._ask()
        elif tick.kind == "lease":
            if self._left:
                return
            if self._alive or self.closing.due:
                self._ask()
            else:
                self._asking = False
                if self.fence is not None:
                    self.fence = None
                    self._actor.context.store.resign(self._actor.key)
        elif tick.kind == "rank":
            self._rank_or_wait()
        elif tick.kind == "debounce":
            self._debouncing = False
            self._rank()
        elif tick.kind == "line":
            self.wording.on_tick()
        elif tick.kind == "summary":
            self.closing.on_tick()

    def _leave(self) -> None:
        self._left = True
        if self.fence is not None:
            self.fence = None
            self._actor.context.store.resign(self._actor.key)

    def _resume(self) -> None:
        """A new leader sees to the last thing the customer said, if nobody did, and to the
        summary that an ended call still lacks."""
        call = self._actor.call
        self.closing.begin()
        if call is None or not self._alive:
            return
        for line in reversed(call.segments):
            if line.speaker == "customer":
                handled = call.suggestion and call.suggestion.because
                if line.segment_id not in (handled, self._wanted):
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
            return
        self._wanted = segment_id
        if not self._debouncing and not self._ranking:
            # By a message: the rest of its batch is folded first.
            self._actor.send(self._actor.actor_ref, m.Tick("rank"))

    def _rank_or_wait(self) -> None:
        """The first question after quiet is asked at once: nothing is on the screen that
        could flicker. Those that follow wait for the rest of the debounce, so that a list
        is replaced at most once in it, by what was said last."""
        if self._wanted is None or self._debouncing or self._ranking:
            return
        wait_s = self._quiet_until - self._actor.context.clock.mono()
        if wait_s > 0:
            self._debounce(wait_s)
        else:
            self._rank()

    def _debounce(self, delay_s: float) -> None:
        self._debouncing = True
        self._actor.later(delay_s, m.Tick("debounce"))

    def excerpt(self) -> CallExcerpt | None:
        """What ranking may see; None while the call is being read anew."""
        call = self._actor.call
        if call is None:
            return None
        lines = tuple(
            CallLine(line.speaker, line.text, line.segment_id, _seq(line))
            for line in list(call.segments)[-EXCERPT_LINES:]
        )
        shown = call.suggestion
        return CallExcerpt(
            self._actor.key.tenant,
            lines,
            frozenset(call.dismissed),
            tuple(shown.documents) if shown else (),
            shown.summary if shown and shown.summary_kind == "title" else "",
            _language(call.metadata),
            _tags(call.metadata),
        )

    def _rank(self) -> None:
        because, context = self._wanted, self._actor.context
        if because is None or self._ranking:
            return
        debounce_s = context.settings.assist.debounce_ms / 1000
        excerpt = self.excerpt()
        if excerpt is None:
            self._debounce(max(debounce_s, BEAT_S))
            return
        self._wanted = None
        if not self.leads:
            # Not ours to do. The leader has the same trigger, or the next one finds it.
            return
        self._ranking = True
        self._asked_at = context.clock.mono()
        self._quiet_until = self._asked_at + debounce_s
        context.assist.suggest(self._actor.key, because, excerpt, self._actor.actor_ref)

    def on_proposed(self, proposed: m.Proposed) -> None:
        took_s = self._actor.context.clock.mono() - self._asked_at
        late = took_s * 1000 > self._actor.context.settings.assist.slow_ms
        self._actor.health.answered(proposed.shed or (late and not proposed.failed))
        if proposed.shed and self._ask_again(proposed.because):
            return
        self._shed = 0
        if proposed.failed or proposed.shed:
            self.settled(proposed, appended=False, failed=True)
        elif not self.leads:
            self._count("superseded")
            self._next()
        else:
            self._actor.writer.submit(proposed)

    def _ask_again(self, because: str) -> bool:
        """A shed trigger is not lost: the newest of the call is asked, in a while. False:
        it was tried often enough."""
        if self._shed >= len(AGAIN_S):
            return False
        self._actor.context.counts["suggestions_shed"] += 1
        if self._wanted is not None:
            self._count("superseded")
        else:
            self._wanted = because
        self._ranking = False
        if not self._debouncing:
            self._debounce(AGAIN_S[self._shed])
        self._shed += 1
        return True

    def draft(self, command: Any) -> decide.Draft | None:
        """Called by the writer, on the fold as it is then."""
        call = self._actor.call
        if call is None or not self.leads:
            return None  # it waited for the store, and the lease has lapsed meanwhile
        if isinstance(command, m.LineWritten):
            return decide.model_line(call, command.because, command.text)
        if isinstance(command, m.SummedUp):
            return decide.after_call(call, command.summary)
        return decide.suggestion(
            call,
            command.because,
            command.documents,
            command.summary,
            command.summary_kind,
            gone=command.gone,
            changed=command.changed,
            keep_line=not self.wording.failed and self._actor.context.assist.writes_lines,
        )

    def settled(self, command: Any, *, appended: bool, failed: bool = False) -> None:
        """What became of what we wrote. The outcome of a trigger is counted once."""
        if isinstance(command, m.SummedUp):
            self.closing.settled(appended)
        elif isinstance(command, m.Proposed):
            self._settle(command, appended, failed)

    def _settle(self, proposed: m.Proposed, appended: bool, failed: bool) -> None:
        actor = self._actor
        if failed:
            self._count("failed")
        elif appended:
            self._count("shown")
            # A line alone shows no document anew.
            if proposed.documents and actor.call is not None and actor.call.suggestion is not None:
                actor.context.store.shown(actor.key, actor.call.suggestion, proposed.asked)
        elif not self.leads:
            self._count("superseded")
        else:
            self._count("unchanged" if proposed.documents else "quiet")
        if not failed and self.leads:
            if not proposed.documents and proposed.asked.words:
                actor.context.store.unanswered(actor.key, proposed.because, proposed.asked)
            self.wording.want(proposed.because)
        self._next()

    def _next(self) -> None:
        self._ranking = False
        self._rank_or_wait()

    def _count(self, outcome: str) -> None:
        self._actor.context.counts[f"suggestions:{outcome}"] += 1


def _seq(line: TranscriptionUpdate) -> int:
    return line.seq if isinstance(line.seq, int) else 0


def _language(metadata: dict[str, Any] | None) -> str | None:
    """`language` of a call's metadata, if it is a text: documents of another are none of
    its candidates."""
    language = (metadata or {}).get("language")
    return language if isinstance(language, str) and language else None


def _tags(metadata: dict[str, Any] | None) -> frozenset[str]:
    """`tags` of a call's metadata, if they are texts; one text is one tag."""
    tags = (metadata or {}).get("tags")
    if isinstance(tags, str):
        tags = [tags]
    return (
        frozenset(tag for tag in tags if isinstance(tag, str))
        if isinstance(tags, list)
        else frozenset()
    )
