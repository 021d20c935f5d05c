"""Classic bugs of writing, leading and the store; planted by planted.py."""

from __future__ import annotations

from typing import Any

from actors import messages as m
from actors.answering import Answers
from actors.leading import Leader
from actors.writing import Work, Writer
from engine import decide
from engine.errors import EngineError, Unavailable
from engine.log import Append, Appended
from engine.log_memory import MemoryLog

Swap = tuple[Any, str, Any]

_start = Writer._start
_decide = Writer._decide
_refusal = MemoryLog._refusal


def _answers_first(self: Writer, works: list[Work]) -> None:
    """Acknowledged when sent, not when appended."""
    _start(self, works)
    batch = self.batch
    if batch is not None and not isinstance(works[0].command, (m.Create, m.Change, m.Proposed)):
        first = batch.request.expected_seq + 1
        seqs = {entry.key: seq for seq, entry in enumerate(batch.request.entries, start=first)}
        for work in works:
            self.answers.finish(work, seqs)


def _unfenced(self: Writer, works: list[Work]) -> None:
    fence, self._actor.leader.fence = self._actor.leader.fence, None
    try:
        _start(self, works)
    finally:
        self._actor.leader.fence = fence


def _new_key(self: Writer) -> None:
    """An uncertain append is tried again under keys of its own."""
    batch = self.batch
    if batch is None:
        return
    entries = tuple(
        entry._replace(key=f"{entry.key}:{batch.uncertain}") for entry in batch.request.entries
    )
    request = batch.request._replace(entries=entries)
    self._actor.context.store.append(request, self._actor.actor_ref)


def _uncertain_is_written(self: Writer, reason: str, uncertain: bool) -> None:
    """No answer is taken for a good one."""
    if self.batch is not None and uncertain:
        top = self.batch.request.expected_seq + len(self.batch.request.entries)
        self.on_answer(Appended(top))
    else:
        _on_failed(self, reason, uncertain)


_on_failed = Writer.on_failed


def _same_digest(value: object) -> str:
    """Whatever is sent under an id counts as the same."""
    return ""


def _never_answered(self: Answers, work: Work, error: EngineError) -> None:
    """Who is refused because the store is away never hears of it."""
    if isinstance(error, Unavailable) and not work.answered:
        work.answered = True
        del self._open[work]
        return
    _refuse(self, work, error)


_refuse = Answers.refuse


def _blind(self: MemoryLog, life: Any, request: Append, exists: bool) -> Any:
    """The store appends without looking at what the writer expected."""
    return _refusal(self, life, request._replace(expected_seq=life.top), exists)


def _keyless(self: MemoryLog, life: Any, request: Append, exists: bool) -> Any:
    """The store forgets which keys it knows."""
    keys, life.keys = life.keys, {}
    try:
        return _refusal(self, life, request, exists)
    finally:
        life.keys = keys


def _believes(self: Leader) -> bool:
    """The lease is not looked at: who has led still leads."""
    return self.fence is not None


def _forgets_trigger(self: Leader, update: Any) -> None:
    """A trigger that comes while another is ranked is dropped."""
    if not self._ranking:
        _on_final(self, update)


_on_final = Leader.on_final


def _outcome_lost(
    self: Leader, proposed: m.Proposed, *, appended: bool, failed: bool = False
) -> None:
    """A failed ranking is no outcome, and the leader waits for it for ever."""
    if not failed:
        _settled(self, proposed, appended=appended)


_settled = Leader.settled


def _suggests_twice(*arguments: Any) -> Any:
    """The key of a suggestion is not that of its trigger."""
    draft = _suggestion(*arguments)
    if draft is None:
        return None
    return draft._replace(key=f"{draft.key}:{arguments[0].seq}")


_suggestion = decide.suggestion


def _resumes_always(self: Leader) -> None:
    """A new leader does not look whether the last trigger was seen to."""
    said = [line.segment_id for line in self._actor.call.segments if line.speaker == "customer"]
    if said and self._wanted is None:
        self._want(said[-1])


WRITING_BUGS: dict[str, tuple[Swap, ...]] = {
    "acknowledged before the append": ((Writer, "_start", _answers_first),),
    "no fence": ((Writer, "_start", _unfenced),),
    "retry with a new key": ((Writer, "retry", _new_key),),
    "uncertain taken for written": ((Writer, "on_failed", _uncertain_is_written),),
    "another content for a final accepted": ((decide, "digest", _same_digest),),
    "a refused command is never answered": ((Answers, "refuse", _never_answered),),
    "append without compare": ((MemoryLog, "_refusal", _blind),),
    "keys forgotten by the store": ((MemoryLog, "_refusal", _keyless),),
    "leader does not look at its lease": ((Leader, "leads", property(_believes)),),
    "trigger dropped while ranking": ((Leader, "on_final", _forgets_trigger),),
    "failed ranking without an outcome": ((Leader, "settled", _outcome_lost),),
    "a new leader suggests again under another key": (
        (decide, "suggestion", _suggests_twice),
        (Leader, "_resume", _resumes_always),
    ),
}
