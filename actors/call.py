"""CallActor: one per call on each node that has something to do with it.

Owns the fold of the call on this node and the order of everything that happens to it. It
never waits for the store: what it asks comes back as a message. Keeping up with the log is
in following.py, what waits for it in waiting.py, writing in writing.py, who is joined in
audience.py, leading in leading.py, who hears of which event in consequences.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actors import consequences
from actors import messages as m
from actors.audience import Audience, unknown_call
from actors.context import Context
from actors.dispatcher import DispatchedActor
from actors.following import RELOAD_S, Follower
from actors.health import Health
from actors.interims import Interims
from actors.leading import Leader
from actors.mailbox import Bounds
from actors.ports import Frame
from actors.receipts import detail_of
from actors.refilling import Refiller
from actors.waiting import WaitingRoom
from actors.wall_row import WallRow
from actors.watchers import Watchers
from actors.writing import Writer
from engine.call import Call
from engine.errors import EngineError, Internal, Unavailable
from engine.identity import Identity
from engine.log import CallKey, Page, StoredEvent
from engine.wire import LogEvent

MISSING_S = 5.0  # an actor whose call does not exist leaves memory after this


class CallActor(DispatchedActor):
    """Loading (the log is being read), live (`call` is folded) or missing (no such log)."""

    def __init__(self, context: Context, key: CallKey) -> None:
        bounds = context.settings.actors
        super().__init__(
            context.dispatcher, Bounds(bounds.call_mailbox, bounds.call_mailbox_durable)
        )
        self.context = context
        self.key = key
        self.call: Call | None = None
        self.loading = True
        self.audience = Audience(self)
        self.interims = Interims(self)
        self.leader = Leader(self)
        self.health = Health(self)
        self.row = WallRow(self)
        self.watchers = Watchers(self)
        self.writer = Writer(self, bounds.call_mailbox_durable)
        self.follower = Follower(self)
        self.refiller = Refiller(self)
        self.waiting = WaitingRoom(self)
        self._handling: Any = None  # the message of this moment: answered if it fails us
        self._watching_deadlines = False
        self._last_activity = context.clock.mono()

    # --- life -----------------------------------------------------------------------------

    def on_start(self) -> None:
        self.context.store.follow(self.key, self.actor_ref)
        self.later(self.context.settings.actors.passivate_s, m.Tick("passivate"))

    def on_receive(self, message: Any) -> Any:
        self._handling = message
        _ARMS[type(message)](self, message)
        self._handling = None

    def on_failure(self, *_: Any) -> None:
        """Who asked what we failed on hears it at once; everybody else may ask again."""
        failed_on, fault = self._handling, Internal("A fault of ours; it was noted")
        if isinstance(failed_on, (m.Join, m.Inspect, m.ReadHistory, m.Erase)):
            self.refuse(failed_on, fault)
        self.writer.answers.refuse_one(failed_on, fault)
        self._abandon()

    def on_stop(self) -> None:
        self._abandon()

    def let_go(self) -> None:
        super().let_go()
        self.leader.let_go()
        parts: tuple[Any, ...] = (self.audience, self.audience.reads, self.health, self.leader)
        parts += (self.writer, self.follower, self.refiller, self.waiting, self.row)
        parts += (self.watchers, self.interims, self.writer.answers)
        for part in parts:
            del part._actor

    def _abandon(self) -> None:
        """Leave the call to others: nobody is served by this actor any more."""
        self.context.store.unfollow(self.key)
        if self.leader.fence is not None:
            self.context.store.resign(self.key)
        gone = Unavailable("The call's actor ended; ask again")
        self.writer.abandon(gone)
        self.waiting.release(gone)
        for message in self.actor_inbox.peek():
            if isinstance(message, m.Join):
                self.send(message.agent, m.CallLost(self.key))
            elif hasattr(message, "reply_to"):
                self.refuse(message, gone)
        self.audience.lose()

    def later(self, delay_s: float, message: Any) -> None:
        self.context.wheel.after(delay_s, self.actor_ref, message)

    def _on_tick(self, tick: m.Tick) -> None:
        if tick.kind == "retry":
            self.writer.retry()
        elif tick.kind == "deadline":
            self._watching_deadlines = False
            self.writer.on_deadline(self.context.clock.mono())
            self.watch_deadlines()
        elif tick.kind == "passivate":
            self._passivate()
        elif tick.kind in ("health", "row", "watchers"):
            part: Health | WallRow | Watchers = getattr(self, tick.kind)
            part.on_tick()
        elif tick.kind == "join":
            if self.audience.looks_ahead(tick.about):
                self._on_join(tick.about)
        elif tick.kind == "refill":
            self.refiller.retry()
        elif tick.kind == "window":
            self.writer.on_window_over()
        elif tick.kind == "going":
            self.audience.tell_to_go()
        else:
            self.leader.on_tick(tick)

    def watch_deadlines(self) -> None:
        """Once a second while something waits for the store."""
        if not self._watching_deadlines and self.writer.busy:
            self._watching_deadlines = True
            self.later(1.0, m.Tick("deadline"))

    def _passivate(self) -> None:
        """Leave memory when nobody looks. Nothing can slip in between: we are the only one
        who runs, our mailbox is empty, and the directory forgets us before we stop."""
        limit_s = self.context.settings.actors.passivate_s
        if self.call is None and not self.loading:
            limit_s = min(limit_s, MISSING_S)
        idle_s = self.context.clock.mono() - self._last_activity
        busy = len(self.audience) or self.writer.busy or self.refiller.busy or len(self.waiting)
        if busy or not self.actor_inbox.empty() or idle_s < limit_s:
            self.later(max(1.0, limit_s - idle_s), m.Tick("passivate"))
            return
        self.context.forget(self.key, self.actor_ref)
        self._stop()

    # --- reading the log ------------------------------------------------------------------

    def begin(self, epoch: str) -> None:
        """The log was just created by us."""
        self.call = Call.empty(self.key, epoch)

    def distrust(self) -> None:
        """The log is another one, or gone: it may have lost what we folded; who leads is open."""
        self.refiller.keep(self.call, self.audience.ring)
        self.leader.lose()
        self.writer.distrust()
        self.call = None

    def on_missing(self) -> None:
        """The log is not there: lost, or never created, expired or erased."""
        self.distrust()
        self.loading = self.refiller.remake()
        if self.loading:
            return
        self.refiller.forget()
        self.interims.clear()
        self.audience.gone()
        self.writer.refuse_all(unknown_call())
        self.waiting.release(None)
        self.later(MISSING_S, m.Tick("passivate"))

    def _on_following(self, _: m.Following) -> None:
        """Only now is the log read: a hint that comes later cannot be missed."""
        if self.call is None:
            self.loading = True
            self.follower.load()

    def on_loaded(self, read: m.PageRead) -> None:
        """What the log holds, from its first event to its last."""
        if not self.loading:
            return
        if read.reason is not None:
            self.waiting.release(Unavailable("The store is away"))
            self.later(RELOAD_S, m.Following())
            return
        if read.page is None:
            self.on_missing()
            return
        self.loading = False
        self._fold(read.page)
        self.leader.on_loaded()
        self.waiting.release(None)
        self.writer.pump()
        self.follower.look()

    def _fold(self, page: Page) -> None:
        self.audience.reopen()  # whoever waited for a log that was gone
        self.call = call = Call.begin(self.key, page.epoch, page.first, page.base)
        for stored in page.events:
            call.apply(stored)
            self.audience.remember(self.frame(stored))
        call.seq = page.top
        self.refiller.on_loaded(page, call)

    def refuse(self, message: Any, error: EngineError) -> None:
        if isinstance(message, m.Join):
            self.send(message.agent, m.Refused(self.key, message.generation, error))
        else:
            self.send(message.reply_to, m.Answered(message.token, error=error))

    def _readable(self, message: Any) -> bool:
        """False: the message waits for the log, or was refused."""
        self._last_activity = self.context.clock.mono()
        missing = self.call is None and not self.loading and not self.writing
        if missing and isinstance(message, m.Join) and not self.waiting.releasing:
            self.loading = True  # it may have been made since
            self.follower.load()
        if not self.loading:
            return True
        self.waiting.admit(message)
        return False

    # --- folding and telling --------------------------------------------------------------

    def frame(self, stored: StoredEvent) -> m.LogFrame:
        epoch = self.call.epoch if self.call else ""
        frame = Frame.of(stored.event, stored.body)
        return m.LogFrame(self.key, epoch, stored.seq, frame, stored.key, stored.digest)

    def advance(self, stored: StoredEvent, *, own: bool, event: LogEvent | None = None) -> None:
        """The next event of the log: fold it and tell everybody who is joined. `event`: what
        it was encoded from, where we know."""
        call = self.call
        if call is None:
            return
        if self.refiller.held:
            self.refiller.saw((stored,))
        agents_before, unread_before = call.agent_ids, call.unread
        call.apply(stored, event)
        self.audience.tell(self.frame(stored))
        self.row.touch()
        self._last_activity = self.context.clock.mono()
        if call.unread > unread_before:
            return  # not understood: told as it is, and nothing follows from it
        consequences.of_event(self, call, stored, own=own, before=agents_before)

    def index(self, assigned: Sequence[str] = (), unassigned: Sequence[str] = ()) -> None:
        """Into the derived lists, as the call is now."""
        if self.call is not None:
            view = self.call.view(self.context.clock.wall())
            self.context.store.index(self.key, view, assigned, unassigned)

    # --- questions and commands -----------------------------------------------------------

    def require_watcher(self, identity: Identity | None) -> Call:
        """Raises UnknownCall. None: whoever asks may."""
        call = self.call
        if call is None or (identity is not None and not identity.may_watch(call.agent_ids)):
            raise unknown_call()
        return call

    def _watched(self, ask: Any) -> Call | None:
        """The call, for who may see it. None: the question waits for the log, or was refused."""
        if not self._readable(ask):
            return None
        try:
            return self.require_watcher(ask.identity)
        except EngineError as refusal:
            self.refuse(ask, refusal)
            return None

    def _on_join(self, join: m.Join) -> None:
        call = self._watched(join)
        if call is not None:
            self.audience.join(join, call)
            self.leader.begin()

    def _on_leave(self, leave: m.Leave) -> None:
        self.audience.leave(leave.connection_id)
        self.waiting.leave(leave.connection_id)
        self._last_activity = self.context.clock.mono()

    def _on_inspect(self, ask: m.Inspect) -> None:
        call = self._watched(ask)
        if call is not None:
            detail = detail_of(call, self.context.clock.wall())
            self.send(ask.reply_to, m.Answered(ask.token, detail))

    def _on_history(self, ask: m.ReadHistory) -> None:
        if self._watched(ask) is not None:
            self.context.store.history(self.key, ask.query, ask.reply_to, ask.token)

    def _on_command(self, command: Any) -> None:
        if self._readable(command):
            self.writer.submit(command)

    @property
    def writing(self) -> bool:
        """An append of ours is in flight: its answer may bring what we would read."""
        return self.writer.batch is not None or self.refiller.in_flight

    def _on_append_answered(self, message: m.AppendAnswered) -> None:
        if not self.refiller.takes(message.answer):
            self.writer.on_answer(message.answer)
        self.refiller.look()
        self.follower.look()

    def _on_append_failed(self, message: m.AppendFailed) -> None:
        if not self.refiller.takes(None):
            self.writer.on_failed(message.reason, message.uncertain)
        self.refiller.look()

    def _on_erase(self, erase: m.Erase) -> None:
        self.audience.gone()
        self.send(erase.reply_to, m.Answered(erase.token))
        self.context.forget(self.key, self.actor_ref)
        self._stop()


_ARMS: dict[type[Any], Any] = {
    m.Join: CallActor._on_join,
    m.Leave: CallActor._on_leave,
    m.CatchUp: lambda actor, ask: actor.audience.catch_up(ask, actor.call),
    m.Create: CallActor._on_command,
    m.Change: CallActor._on_command,
    m.AppendSegments: CallActor._on_command,
    m.GiveVerdict: CallActor._on_command,
    m.Dismiss: CallActor._on_command,
    m.Inspect: CallActor._on_inspect,
    m.ReadHistory: CallActor._on_history,
    m.Erase: CallActor._on_erase,
    m.AppendAnswered: CallActor._on_append_answered,
    m.AppendFailed: CallActor._on_append_failed,
    m.PageRead: lambda actor, read: actor.follower.on_page(read),
    m.HintArrived: lambda actor, arrived: actor.follower.on_hint(arrived.hint),
    m.Following: CallActor._on_following,
    m.Vanished: lambda actor, _: actor.follower.confirm(),
    m.TopSeen: lambda actor, top: actor.follower.on_top(top),
    m.Led: lambda actor, led: actor.leader.on_led(led),
    m.Proposed: lambda actor, proposed: actor.leader.on_proposed(proposed),
    m.LineWritten: lambda actor, line: actor.leader.wording.on_line(line),
    m.SummedUp: lambda actor, summed: actor.leader.closing.on_summed(summed),
    m.ConditionChanged: lambda actor, _: actor.health.look(),
    m.Tick: CallActor._on_tick,
}
