"""Messages to a CallActor from the services it asked: the log, hints, the lease, ranking."""

from __future__ import annotations

from typing import Any, Literal

from actors.admitted import Control, Droppable
from engine import wire
from engine.assist.asked import Asked
from engine.log import Answer, Hint, Page


class AppendAnswered(Control, frozen=True):
    answer: Answer


class AppendFailed(Control, frozen=True):
    reason: str
    uncertain: bool


class PageRead(Control, frozen=True):
    """`page` None with `reason` None: there is no such log."""

    purpose: Literal["load", "gap", "catch_up"]
    after: int
    page: Page | None
    reason: str | None = None  # the store is away
    about: Any = None  # what the asker wants to have back


class HintArrived(Droppable, frozen=True):
    hint: Hint


class Following(Control, frozen=True):
    """The store confirmed: from now on hints arrive."""


class TopSeen(Control, frozen=True):
    """Where the log ends, looked up now and then: a lost last hint leaves no gap to see."""

    epoch: str
    seq: int


class Vanished(Control, frozen=True):
    """A look found no such log: erased, expired, or not created yet. The reader makes sure."""


class Led(Control, frozen=True):
    """`asked_at` is of our monotonic clock, from before the question was sent."""

    asked_at: float
    mine: bool
    fence: int
    ttl_ms: int


class Proposed(Control, frozen=True):
    """Documents and summary for the segment `because`; `failed` when there was an error,
    `shed` when there was no capacity for it or nobody to rank. `asked`: what they were
    found with; `gone`: ids on the screen of documents that exist no more; `changed`: cards of
    those on the screen that say something else by now."""

    because: str
    documents: list[wire.SuggestedDocument]
    summary: str
    summary_kind: wire.SummaryKind
    failed: bool = False
    shed: bool = False
    asked: Asked = Asked()
    gone: tuple[str, ...] = ()
    changed: tuple[wire.SuggestedDocument, ...] = ()


class LineWritten(Control, frozen=True):
    """A model's summary line; '' when it has none to give: then the rule's line stays."""

    because: str
    text: str


class SummedUp(Control, frozen=True):
    """The after-call summary; epoch and seq are the writer's to give."""

    summary: wire.CallSummary


class ConditionChanged(Control, frozen=True):
    """What the node can do has changed: look at `context.condition`."""
