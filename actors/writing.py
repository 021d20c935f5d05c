"""How a CallActor writes: commands in, one append in flight, answers out.

Owns the queue of commands, the batch in flight and what each of the log's answers means
for it. Decides nothing (engine/decide.py), folds nothing (the CallActor does, when told) and
words no answer (answering.py). Nothing is answered `ok` before the event is in the log.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from actors import messages as m
from actors.answering import Answers, conflict_of
from actors.work import FENCED, Work, drafts_of
from engine import decide
from engine.errors import (
    Busy,
    CallFull,
    Conflict,
    EngineError,
    NotFound,
    Timeout,
    Unavailable,
    UnknownCall,
)
from engine.log import (
    Answer,
    Append,
    Appended,
    Fenced,
    Full,
    Known,
    Missing,
    Moved,
    Refilling,
    Reopened,
    StoredEvent,
)

if TYPE_CHECKING:
    from actors.call import CallActor

ENTRIES_IN_ONE_APPEND = 256
MOVED_RETRIES = 32  # of one command: each means that another node got in before
RETRY_S = (0.1, 0.2, 0.5, 1.0)  # after an uncertain append; the last one repeats
_COUNTED: dict[type[Any], str] = {
    kind: f"appends:{kind.__name__.lower()}"
    for kind in (Appended, Known, Moved, Reopened, Refilling, Fenced, Full, Missing)
}


class Batch(Struct):
    """What is in flight."""

    works: list[Work]
    request: Append
    uncertain: int = 0  # failed appends whose fate is not known


class Writer:
    """One per CallActor, run inside its turns."""

    def __init__(self, actor: CallActor, bound: int) -> None:
        self._actor = actor
        self._queue: deque[Work] = deque()
        self.batch: Batch | None = None
        self._paused = False  # a refill window is open
        self.answers = Answers(actor, bound)

    @property
    def busy(self) -> bool:
        return self.batch is not None or bool(self._queue)

    def submit(self, command: Any) -> None:
        """Queue a command; a full queue answers `busy`."""
        context = self._actor.context
        work = Work(command, context.clock.mono() + context.settings.actors.command_timeout_s)
        if not self.answers.promise(work):
            return
        if self.batch is not None and not self._queue and self._passes_by(work):
            self.answers.finish(work, {})
            return
        self._queue.append(work)
        self.pump()
        if self._queue and self.batch is None:
            self._actor.watch_deadlines()  # it waits for the fold, and not for ever

    def _passes_by(self, work: Work) -> bool:
        """Interim text does not wait for the store, unless its segment does."""
        command = work.command
        if not isinstance(command, m.AppendSegments) or self.batch is None:
            return False
        if any(segment.final for segment in command.segments) or self._actor.call is None:
            return False
        written = {entry.key for entry in self.batch.request.entries}
        if any(f"segment:{segment.segment_id}" in written for segment in command.segments):
            return False
        try:
            self._decide(work)
        except EngineError as refusal:
            self.answers.refuse(work, refusal)
        return True

    def pump(self) -> None:
        """Start the next append, if none is in flight and the fold is current."""
        self._actor.refiller.go()
        while self._may_start and self._queue and self._actor.follower.current:
            works = self._take()
            if works:
                self._start(works)

    @property
    def _may_start(self) -> bool:
        return self.batch is None and not self._paused

    def on_window_over(self) -> None:
        self._paused = False
        self.pump()

    def distrust(self) -> None:
        """The log is another one: what was known to be in it may not be any more."""
        for work in (*self._queue, *(self.batch.works if self.batch else ())):
            work.known.clear()

    def refuse_all(self, error: EngineError) -> None:
        """Nothing of the queue can be written; what is in flight keeps its own fate."""
        while self._queue:
            self.answers.refuse(self._queue.popleft(), error)

    def abandon(self, error: EngineError) -> None:
        """The actor ends. Whoever asks again does so with the same ids."""
        self.answers.refuse_all(error)
        self._queue.clear()

    def on_deadline(self, now: float) -> None:
        """Answer those who waited too long. What is in flight stays there: its fate is open."""
        for work in self.batch.works if self.batch else ():
            if work.deadline <= now:
                self.answers.refuse(
                    work, Timeout("The store did not answer; ask again with the same id")
                )
        for work in [work for work in self._queue if work.deadline <= now]:
            self._queue.remove(work)
            self.answers.refuse(work, Unavailable("The store is away; nothing was written"))

    # --- deciding -------------------------------------------------------------------------

    def _take(self) -> list[Work]:
        """The next works that may share an append, decided on the fold as it is."""
        taken: list[Work] = []
        keys: set[str] = set()
        count = 0
        while self._queue:
            work = self._queue[0]
            if work.alone and taken:
                break
            try:
                self._decide(work)
            except EngineError as refusal:
                if self._may_be_late(work, refusal):
                    if not taken:
                        work.sure = True
                        self._actor.follower.make_sure()
                    break
                self._queue.popleft()
                self.answers.refuse(work, refusal)
                continue
            if taken:
                mine = work.keys()
                keys = keys or taken[0].keys()
                if keys & mine or count + len(work.drafts) > ENTRIES_IN_ONE_APPEND:
                    break
                keys |= mine
            self._queue.popleft()
            if not work.drafts and not taken:
                self.answers.finish(work, {})
                continue
            taken.append(work)
            count += len(work.drafts)
            if work.alone:
                break
        return taken

    def _may_be_late(self, work: Work, refusal: EngineError) -> bool:
        """An agent has seen on another node's screen what our fold does not hold yet."""
        from_agent = isinstance(work.command, (m.GiveVerdict, m.Dismiss))
        late = isinstance(refusal, (NotFound, UnknownCall)) and self._actor.call is not None
        return from_agent and late and not work.sure

    def _decide(self, work: Work) -> None:
        work.plans = []
        drafts = drafts_of(self._actor, work)
        known = work.known
        work.drafts = [draft for draft in drafts if draft.key not in known] if known else drafts

    # --- appending ------------------------------------------------------------------------

    def _start(self, works: list[Work]) -> None:
        actor = self._actor
        epoch = actor.call.epoch if actor.call else actor.context.new_epoch()
        top = actor.call.seq if actor.call else 0
        drafts = [draft for work in works for draft in work.drafts]
        entries = tuple(
            [decide.entry(draft, epoch, seq) for seq, draft in enumerate(drafts, start=top + 1)]
        )
        clock = actor.context.clock
        arrived_s = clock.wall() - (clock.mono() - self._arrived(works[0]))
        request = Append(actor.key, epoch, top, entries, arrived_ms=int(arrived_s * 1000))
        if works[0].alone:
            command = works[0].command
            fenced = isinstance(command, FENCED)
            request = request._replace(
                fence=actor.leader.fence if fenced else None,
                create=isinstance(command, m.Create),
                expire_s=self._expiry(command),
            )
        self.batch = Batch(works, request)
        actor.context.store.append(request, actor.actor_ref)
        actor.watch_deadlines()

    def _arrived(self, work: Work) -> float:
        """When we got its command, by the monotonic clock."""
        return work.deadline - self._actor.context.settings.actors.command_timeout_s

    def _expiry(self, command: Any) -> int | None:
        if isinstance(command, m.Change) and command.patch.status == "ended":
            return self._actor.context.settings.call.retention_of(self._actor.key.tenant)
        return None

    def on_failed(self, reason: str, uncertain: bool) -> None:
        """The store did not take the append, or nobody knows whether it did."""
        if self.batch is None:
            return
        self._actor.context.counts["appends:uncertain" if uncertain else "appends:failed"] += 1
        if not uncertain and not self.batch.uncertain:
            works, self.batch = self.batch.works, None
            for work in works:
                self.answers.refuse(work, Unavailable("The store is away; nothing was written"))
            self.pump()
            return
        # Asked again with the same keys before anything else is written: a Known answer
        # then says that it had taken effect.
        delay = RETRY_S[min(self.batch.uncertain, len(RETRY_S) - 1)]
        self.batch.uncertain += 1
        self._actor.later(delay, m.Tick("retry"))

    def retry(self) -> None:
        if self.batch is not None:
            self._actor.context.store.append(self.batch.request, self._actor.actor_ref)

    def on_answer(self, answer: Answer) -> None:
        """What became of the batch in flight."""
        if self.batch is None:
            return
        batch, self.batch = self.batch, None
        self._actor.context.counts[_COUNTED[type(answer)]] += 1
        if isinstance(answer, Appended):
            self._on_appended(batch)
        elif isinstance(answer, Known):
            self._on_known(batch, answer)
        elif isinstance(answer, Moved):
            self._again(batch)
            self._actor.follower.on_moved(answer)
        elif isinstance(answer, Reopened):
            self._again(batch)
            self._actor.follower.on_reopened(answer.epoch)
        elif isinstance(answer, Refilling):
            self._pause(batch, answer)
        elif isinstance(answer, Fenced):
            self._actor.leader.lose()
            self._refuse_batch(batch, Conflict("Another node leads this call"))
        elif isinstance(answer, Full):
            self._refuse_batch(batch, CallFull(f"The call holds {answer.top} events"))
        elif isinstance(answer, Missing):
            self._again(batch)
            self._actor.on_missing()
        self.pump()

    def _pause(self, batch: Batch, answer: Refilling) -> None:
        """A new epoch began: what nodes bring back goes first. The commands wait, each until
        its own deadline."""
        self._actor.context.counts["refill_waits"] += len(batch.works)
        self._queue.extendleft(reversed(batch.works))
        if not self._paused:
            self._paused = True
            self._actor.later(answer.ms / 1000, m.Tick("window"))

    def _on_appended(self, batch: Batch) -> None:
        actor, request = self._actor, batch.request
        if actor.call is None:
            actor.begin(request.epoch)
        seqs: dict[str, int] = {}
        drafts = [draft for work in batch.works for draft in work.drafts]
        seq = request.expected_seq
        for (key, digest, event, body), draft in zip(request.entries, drafts, strict=True):
            seq += 1
            seqs[key] = seq
            if actor.call is not None and seq == actor.call.seq + 1:
                stored = StoredEvent(seq, event, body, key, digest)
                actor.advance(stored, own=True, event=draft.event)
        context, heard = actor.context, len(actor.audience) > 0
        context.counts["events_appended"] += len(drafts)
        for work in batch.works:
            if heard and work.drafts:
                context.lag.told(self._arrived(work))
            self.answers.finish(work, seqs)

    def _on_known(self, batch: Batch, answer: Known) -> None:
        """What is known is taken out and the rest decided again, once the fold has caught up
        with what is known; a work with an entry that differs is refused as a whole."""
        for work in batch.works:
            for draft in work.drafts:
                found = answer.known.get(draft.key)
                if found is None:
                    continue
                seq, same = found
                if not same and not isinstance(work.command, FENCED):
                    self.answers.refuse(work, conflict_of(work, draft))
                    break
                work.known[draft.key] = seq
        batch.works = [work for work in batch.works if not work.answered]
        self._again(batch)
        self._actor.follower.expect(max((seq for seq, _ in answer.known.values()), default=0))

    def _again(self, batch: Batch) -> None:
        """Back to the head of the queue, in order, to be decided on the newer fold."""
        for work in reversed(batch.works):
            work.ours = work.ours or bool(batch.uncertain)
            work.tries += 1
            if work.tries > MOVED_RETRIES:
                self.answers.refuse(work, Busy("The call is changing too fast", retry_after_ms=200))
            else:
                self._queue.appendleft(work)

    def _refuse_batch(self, batch: Batch, error: EngineError) -> None:
        for work in batch.works:
            self.answers.refuse(work, error)
