"""Who watches a call, on all nodes together, told to those who do.

Owns `call:watchers`. Each node says who is joined at it, by a hint: on change, every ANNOUNCE_S
while somebody is, and when it hears of a node it did not know. What a node has not repeated for
FORGET_S is forgotten with it. Watching changes nothing of the call and is in no log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from actors import messages as m
from actors.ports import Frame
from engine.decoding import encode
from engine.wire import CallWatchers, Watcher

if TYPE_CHECKING:
    from actors.call import CallActor
    from actors.timers import Timer

SOON_S = 0.25  # so that a crowd that joins is one frame
ANNOUNCE_S = 10.0
FORGET_S = 25.0
REPEAT_S = 30.0  # to our own, for whose socket had no room
MOST = 50  # people named; who are more than that is not said


class Said(Struct):
    """What a node says of its own. `asks`: it wants to hear of the others'."""

    watchers: list[Watcher]
    asks: bool = False


_decode = msgspec.json.Decoder(Said).decode


class Watchers:
    """Run inside the CallActor's turns."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._elsewhere: dict[str, tuple[float, list[Watcher]]] = {}  # node -> (until, who)
        self._new: list[m.Ref] = []  # joined, and not told yet
        self._told: list[Watcher] = []
        self._told_at = 0.0
        self._announced: list[Watcher] = []
        self._announce_at = 0.0
        self._timer: Timer | None = None

    def joined(self, agent: m.Ref) -> None:
        self._new.append(agent)
        self._tick(SOON_S)

    def left(self) -> None:
        self._tick(SOON_S)

    def on_foreign(self, node: str, body: bytes) -> None:
        """What another node says."""
        try:
            said = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        now = self._actor.context.clock.mono()
        if said.watchers:
            self._elsewhere[node] = (now + FORGET_S, said.watchers[:MOST])
        else:
            self._elsewhere.pop(node, None)
        if said.asks and self._announced:
            self._announce_at = now
        self._tick(SOON_S)

    def on_tick(self) -> None:
        self._timer = None
        actor, now = self._actor, self._actor.context.clock.mono()
        own = actor.audience.people()[:MOST]
        self._announce(own, now)
        self._elsewhere = {n: found for n, found in self._elsewhere.items() if found[0] > now}
        new, self._new = self._new, []
        if not own:
            self._told = []
            return
        everybody = {(who.agent_id, who.role): who for who in own}
        for _, others in self._elsewhere.values():
            everybody.update({(who.agent_id, who.role): who for who in others})
        merged = [everybody[name] for name in sorted(everybody)][:MOST]
        frame = Frame.of("call:watchers", encode(CallWatchers(actor.key.call_id, merged)))
        if merged != self._told or now - self._told_at >= REPEAT_S:
            self._told, self._told_at = merged, now
            actor.audience.tell_state(frame)
        else:
            message = m.StateFrame(actor.key, frame, interim=False)
            actor.dispatcher.broadcast(new, message)
        self._tick(ANNOUNCE_S)

    def _announce(self, own: list[Watcher], now: float) -> None:
        """To the other nodes, if they do not know it or might forget it."""
        changed = own != self._announced
        if changed or (own and now >= self._announce_at):
            asks = bool(own) and not self._announced
            self._announced, self._announce_at = own, now + ANNOUNCE_S
            self._actor.context.walls.watchers(self._actor.key, encode(Said(own, asks)))

    def _tick(self, delay_s: float) -> None:
        """One tick is on its way at most: the earlier one."""
        context = self._actor.context
        at = context.clock.mono() + delay_s
        if self._timer is not None:
            if self._timer.due <= at:
                return
            self._timer.cancel()
        self._timer = context.wheel.after(delay_s, self._actor.actor_ref, m.Tick("watchers"))
