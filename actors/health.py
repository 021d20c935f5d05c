"""Whether transcription and suggestions work for one call, said to who is joined.

Owns `call:health`: what it is, and when it is sent (on change, after a join, every
`health.repeat_s`). How late suggestions are, only the node that leads the call knows: it
says so to the other nodes by a hint. Nothing here is in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import UNSET

from actors import messages as m
from actors.ports import Frame
from engine.decoding import encode
from engine.wire import CallHealth, HealthReason

if TYPE_CHECKING:
    from actors.call import CallActor

_decode = msgspec.json.Decoder(CallHealth).decode


LATE_S = 10.0  # a late answer is said for so long, unless one comes in time


class Health:
    """Run inside the CallActor's turns. A tick runs only while somebody is joined."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._heard_at = actor.context.clock.mono()  # when the recogniser last gave something
        self._late_until = 0.0  # a trigger of ours was shed, or answered late, not long ago
        self._leaders: CallHealth | None = None  # as the leading node last said it
        self._leaders_until = 0.0
        self._said: CallHealth | None = None
        self._frame: Frame | None = None
        self._ticking = False

    @property
    def said(self) -> CallHealth | None:
        """As it was last said here; None: to nobody yet."""
        return self._said

    def greet(self, agent: m.Ref) -> None:
        """After a join."""
        self._actor.send(agent, m.StateFrame(self._actor.key, self._current(), interim=False))
        self._tick_later()

    def heard(self) -> None:
        """A segment, final or not."""
        self._heard_at = self._actor.context.clock.mono()
        if self._said is not None and self._said.transcription == "silent":
            self.look()

    def answered(self, late: bool) -> None:
        """Ranking answered in time, or did not."""
        was_late, now = self._late, self._actor.context.clock.mono()
        self._late_until = now + LATE_S if late else 0.0
        if late:
            # When the customer says no more, nobody answers in time either.
            self._actor.later(LATE_S, m.ConditionChanged())
        if late != was_late:
            self.look()

    @property
    def _late(self) -> bool:
        return self._actor.context.clock.mono() < self._late_until

    def on_foreign(self, body: bytes) -> None:
        """What the leading node says of this call."""
        try:
            self._leaders = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        repeat_s = self._actor.context.settings.health.repeat_s
        self._leaders_until = self._actor.context.clock.mono() + 2 * repeat_s
        self.look()

    def look(self) -> None:
        """Say it if it has changed."""
        before = self._said
        frame = self._current()
        if self._said == before:
            return
        self._actor.audience.tell_state(frame)
        self._actor.row.touch()
        if self._actor.leader.leads and self._said is not None:
            self._actor.context.store.publish_health(self._actor.key, encode(self._said))

    def on_tick(self) -> None:
        self._ticking = False
        if not len(self._actor.audience):
            return
        before = self._said
        self.look()
        if self._said == before:
            self._actor.audience.tell_state(self._current())
            if self._late and self._said is not None:
                self._actor.context.store.publish_health(self._actor.key, encode(self._said))
        self._tick_later()

    def _tick_later(self) -> None:
        """At the next moment at which silence may have to be said, else at the next repeat."""
        if self._ticking:
            return
        self._ticking = True
        health = self._actor.context.settings.health
        silent_in_s = self._heard_at + health.silent_s - self._actor.context.clock.mono()
        delay_s = min(health.repeat_s, silent_in_s) if silent_in_s > 0 else health.repeat_s
        self._actor.later(delay_s, m.Tick("health"))

    def _current(self) -> Frame:
        """As it is now; the same frame while nothing changes."""
        now = self._health()
        if self._frame is None or now != self._said:
            self._said = now
            self._frame = Frame.of("call:health", encode(now))
        return self._frame

    def _health(self) -> CallHealth:
        actor = self._actor
        condition = actor.context.condition
        why: HealthReason | None = condition.why(actor.key.tenant)
        suggestions: Literal["ok", "slow", "down"] = "ok"
        if not condition.ranking or condition.store_away:
            suggestions = "down"
        elif self._late:
            suggestions, why = "slow", "overloaded"
        elif self._leaders is not None and self._leader_is_elsewhere:
            suggestions = self._leaders.suggestions
            why = self._leaders.why or why
        return CallHealth(
            call_id=actor.key.call_id,
            transcription="down" if condition.store_away else self._transcription(),
            suggestions=suggestions,
            why=UNSET if why is None else why,
        )

    @property
    def _leader_is_elsewhere(self) -> bool:
        """And has said something not long ago."""
        actor = self._actor
        return not actor.leader.leads and actor.context.clock.mono() < self._leaders_until

    def _transcription(self) -> Literal["ok", "silent"]:
        call = self._actor.call
        if call is None or call.status != "active":
            return "ok"  # nobody is expected to speak
        quiet_s = self._actor.context.clock.mono() - self._heard_at
        return "silent" if quiet_s >= self._actor.context.settings.health.silent_s else "ok"
