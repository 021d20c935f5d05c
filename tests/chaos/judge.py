"""Holds what browsers were sent against the log: what is missing, repeated, out of order.

Owns the verdict and decides it on evidence alone (journal.py): the log as it reads at the end,
what each browser was sent, what each producer was told is in the log. It trusts no counter of
the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.journal import Cursor, Fact, Journal, Visit

SNAPSHOT_FINALS = 200  # a snapshot and a plain browser's greeting hold the last ones
NOTES_KEPT = 20
FINAL = "transcription:update"


@dataclass
class Verdict:
    """Sums over all calls and browsers. Everything but the first two must be 0."""

    appended: int = 0  # events in the logs
    delivered: int = 0  # of the logs, to all browsers
    lost: int = 0  # in the log and not sent to a browser that was due it
    repeated: int = 0  # sent to a browser that had it
    out_of_order: int = 0  # sent after a later one
    wrong: int = 0  # sent with another content than the log's
    unkept: int = 0  # answered `appended` and not in the log
    doubled: int = 0  # in the log twice
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return (
            self.lost + self.repeated + self.out_of_order + self.wrong + self.unkept + self.doubled
        )

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES_KEPT:
            self.notes.append(text)


def judge(
    logs: dict[str, Sequence[Fact]],
    journals: Iterable[Journal],
    acknowledged: dict[str, dict[str, int]],
) -> Verdict:
    """`logs` and `acknowledged` (segment_id -> seq) by call_id."""
    verdict = Verdict()
    for call_id, log in logs.items():
        _judge_log(verdict, call_id, log, acknowledged.get(call_id, {}))
    for journal in journals:
        if journal.plain:
            _judge_plain(verdict, logs[journal.call_id], journal)
        else:
            _judge_cursor(verdict, logs[journal.call_id], journal)
    return verdict


def _judge_log(
    verdict: Verdict, call_id: str, log: Sequence[Fact], acknowledged: dict[str, int]
) -> None:
    verdict.appended += len(log)
    for place, fact in enumerate(log, start=log[0].seq if log else 1):
        if fact.seq != place:
            verdict.out_of_order += 1
            verdict.note(f"{call_id}: the log has {fact.seq} in the place of {place}")
            break
    finals: set[str] = set()
    for fact in log:
        if fact.event == FINAL and fact.segment_id in finals:
            verdict.doubled += 1
            verdict.note(f"{call_id}: {fact.segment_id} is in the log twice")
        finals.add(fact.segment_id)
    # A log that nodes had to make anew may begin behind what only their fold held.
    first = log[0].seq if log else 0
    for segment_id in {one for one, seq in acknowledged.items() if seq >= first} - finals:
        verdict.unkept += 1
        verdict.note(f"{call_id}: {segment_id} was answered and is not in the log")


# --- a browser with a cursor ------------------------------------------------------------------


def _judge_cursor(verdict: Verdict, log: Sequence[Fact], journal: Journal) -> None:
    """Per epoch: what it was sent is every seq after the snapshot it began with, once, in
    order. Of the log's last epoch every event up to the top is due."""
    place: Cursor | None = None  # where the browser's own cursor stands
    for number, visit in enumerate(journal.visits, start=1):
        name = f"{journal.name}, visit {number}"
        if visit.cursor is None:
            continue  # it never got as far as a subscription
        if visit.mode == "snapshot":
            if place is not None and place.epoch == visit.cursor.epoch:
                skipped = visit.cursor.seq - place.seq
                verdict.lost += skipped
                verdict.note(f"{name}: a snapshot where a replay was due, {skipped} events")
        elif visit.cursor != visit.since:
            verdict.wrong += 1
            verdict.note(f"{name}: {visit.mode} from {visit.cursor} although it had {visit.since}")
        place = _follow(verdict, name, visit, visit.cursor)
    if place is not None and log:
        _judge_snapshots(verdict, log, journal, place.epoch)
        missing = max(0, log[-1].seq - place.seq)
        if missing:
            verdict.lost += missing
            verdict.note(f"{journal.name}: ends at {place.seq}, the log at {log[-1].seq}")
    _compare(verdict, log, journal)


def _judge_snapshots(verdict: Verdict, log: Sequence[Fact], journal: Journal, epoch: str) -> None:
    """A snapshot of the epoch that the log has now shows the last finals up to its cursor."""
    for visit in journal.visits:
        if visit.mode != "snapshot" or visit.cursor is None or visit.cursor.epoch != epoch:
            continue
        top = visit.cursor.seq
        due = [fact.segment_id for fact in log if fact.event == FINAL and fact.seq <= top]
        missing = set(due[-SNAPSHOT_FINALS:]) - set(visit.shown)
        if missing:
            verdict.lost += len(missing)
            verdict.note(
                f"{journal.name}: a snapshot at {top} lacks {', '.join(sorted(missing)[:5])}"
            )


def _follow(verdict: Verdict, name: str, visit: Visit, start: Cursor) -> Cursor:
    """The seqs of one connection, from its cursor on."""
    assert visit.cursor is not None
    top, seen, absent = start.seq, set(), set()
    for told in visit.told:
        verdict.delivered += 1
        if told.epoch != start.epoch:
            verdict.wrong += 1
            verdict.note(f"{name}: an event of epoch {told.epoch} under a cursor of {start.epoch}")
        elif told.seq in absent:
            absent.discard(told.seq)
            verdict.lost -= 1
            verdict.out_of_order += 1
            verdict.note(f"{name}: {told.seq} came after {top}")
        elif told.seq <= start.seq or told.seq in seen:
            verdict.repeated += 1
            verdict.note(f"{name}: {told.seq} came although it had {top}")
        else:
            hole = range(top + 1, told.seq)
            if hole:
                absent.update(hole)
                verdict.lost += len(hole)
                verdict.note(f"{name}: {told.seq} came after {top}")
            top = told.seq
        seen.add(told.seq)
    return Cursor(start.epoch, top)


# --- a plain browser --------------------------------------------------------------------------


def _judge_plain(verdict: Verdict, log: Sequence[Fact], journal: Journal) -> None:
    """It knows no seq. Each connection is greeted with the last finals and hears what follows:
    within a connection none is missing, none comes twice and none before an earlier one; over
    all of them, every final since the first is on its screen."""
    shown: set[str] = set()
    for number, visit in enumerate(journal.visits, start=1):
        name = f"{journal.name}, visit {number}"
        finals = [told for told in visit.told if told.event == FINAL]
        verdict.delivered += len(visit.told)
        here: set[str] = set()
        for before, told in zip([None, *finals], finals, strict=False):
            if told.segment_id in here:
                verdict.repeated += 1
                verdict.note(f"{name}: {told.segment_id} came twice")
            elif before is not None and told.seq < before.seq:
                verdict.out_of_order += 1
                verdict.note(f"{name}: {told.seq} came after {before.seq}")
            here.add(told.segment_id)
        shown |= here
    due = [fact.segment_id for fact in log if fact.event == FINAL]
    first = next((place for place, one in enumerate(due) if one in shown), len(due))
    if first > 0 and len(due) <= SNAPSHOT_FINALS:
        first = 0  # its first greeting held all there were
    missing = [segment_id for segment_id in due[first:] if segment_id not in shown]
    if missing:
        verdict.lost += len(missing)
        verdict.note(f"{journal.name}: never saw {', '.join(missing[:5])}")
    _compare(verdict, log, journal)


def _compare(verdict: Verdict, log: Sequence[Fact], journal: Journal) -> None:
    """What was sent as the event of an epoch and seq is the event that the log has there. What
    the store lost has another place in the log now, or none."""
    written = {(fact.epoch, fact.seq): fact for fact in log}
    for visit in journal.visits:
        for told in visit.told:
            fact = written.get((told.epoch, told.seq))
            greeted = journal.plain and told.event != FINAL  # made for the greeting
            if fact is not None and not greeted and fact.content != told.content:
                verdict.wrong += 1
                verdict.note(f"{journal.name}: {told.seq} differs from the log's")
