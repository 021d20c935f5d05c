"""What each command is answered with once it is in the log. Pure: reads, never writes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from actors import messages as m
from engine.answers import (
    CallDetail,
    Nothing,
    Receipt,
    SegmentReceipt,
    SegmentReceipts,
    VerdictReceipt,
)

if TYPE_CHECKING:
    from actors.call import CallActor
    from actors.work import Work
    from engine.call import Call
    from engine.decide import SegmentPlan


class Created(NamedTuple):
    """`new` False: the call was there already and is answered as it is."""

    receipt: Receipt
    new: bool


def detail_of(call: Call, now_s: float) -> CallDetail:
    """Snapshot and cursor, taken together."""
    seen = call.snapshot(now_s)
    return CallDetail(
        call=seen.call,
        epoch=call.epoch,
        seq=call.seq,
        segments=seen.segments,
        suggestion=seen.suggestion,
        verdicts=seen.verdicts,
        after_call=seen.after_call,
    )


def receipt_of(actor: CallActor, work: Work, seqs: dict[str, int]) -> Any:
    """`seqs`: key -> seq of what this append brought; empty when all of it was there."""
    command = work.command
    if isinstance(command, m.AppendSegments):
        return SegmentReceipts([_segment(work, plan, seqs) for plan in work.plans])
    if isinstance(command, m.GiveVerdict):
        key = f"verdict:{command.identity.agent_id}:{command.feedback_id}"
        return VerdictReceipt(command.feedback_id, seqs.get(key) or work.known[key])
    if isinstance(command, m.Dismiss):
        return Nothing()
    call = actor.call
    if call is None:
        raise RuntimeError("a receipt needs the call to be folded")
    receipt = Receipt(call.view(actor.context.clock.wall()), call.epoch, call.seq)
    if isinstance(command, m.Create):
        return Created(receipt, new=bool(seqs) or work.ours)
    return receipt


def hidden_by(work: Work, seqs: dict[str, int]) -> Counter[str]:
    """What was redacted in what this command brought, by kind. Said again, it counts not."""
    hidden: Counter[str] = Counter()
    for plan in work.plans:
        key = f"segment:{plan.segment.segment_id}"
        if plan.hidden and (plan.outcome == "published" or key in seqs):
            hidden += plan.hidden
    return hidden


def _segment(work: Work, plan: SegmentPlan, seqs: dict[str, int]) -> SegmentReceipt:
    key = f"segment:{plan.segment.segment_id}"
    seq = plan.seq
    outcome = plan.outcome
    if key in seqs:
        seq = seqs[key]
    elif key in work.known:
        seq = work.known[key]
        outcome = "appended" if work.ours else "repeated"
    return SegmentReceipt(plan.segment.segment_id, plan.segment.revision, seq, outcome)
