"""What ranking may see of a call: its last final lines and what was dismissed.

Owns the shapes only. Who a customer is, what the agent answered before and what is written
in metadata stay out, so that no suggestion can rest on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.wire import Speaker, SuggestedDocument


class CallLine(Struct, frozen=True):
    """A final segment. `seq` is its number in the call's log."""

    speaker: Speaker
    text: str
    segment_id: str
    seq: int


class CallExcerpt(Struct, frozen=True):
    """`lines`: the last finals, oldest first. `dismissed`: document ids, never shown again.
    `shown`: the cards on the screen now, the first one first. `line`: the summary line that names
    a title there, '' where none does. `language` and `tags`: of the call, where it has any;
    they say which documents are candidates."""

    tenant: str
    lines: tuple[CallLine, ...]
    dismissed: frozenset[str] = frozenset()
    shown: tuple[SuggestedDocument, ...] = ()
    line: str = ""
    language: str | None = None
    tags: frozenset[str] = frozenset()

    def customer_turn(self) -> tuple[CallLine, ...]:
        """What the customer said since the agent last spoke before them, oldest first."""
        return tuple(reversed(list(self._backwards())))

    def _backwards(self) -> Iterator[CallLine]:
        begun = False
        for line in reversed(self.lines):
            if line.speaker == "customer":
                begun = True
                yield line
            elif begun:
                return
