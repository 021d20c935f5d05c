"""What the report for the owner of a knowledge base says (report.py makes it).

Owns its shapes alone, so that a server can pass one on without the index and its libraries.
"""

from __future__ import annotations

from msgspec import Struct


class DocumentRow(Struct):
    """`share`: of helpful verdicts, at least, with 95 % confidence (at most, among the
    worst): one verdict alone proves little."""

    id: str
    title: str
    helpful: int
    unhelpful: int
    shown: int
    share: float


class NeverShown(Struct):
    id: str
    title: str


class Missing(Struct):
    """Questions of two calls or more that are alike and found nothing. `words`: those most of
    them hold and two calls or more said, each as it was first said."""

    words: list[str]
    questions: int
    calls: int
    last_at: str


class KnowledgeReport(Struct):
    """`verdicts` and `shown` are of all documents, those that were deleted too.
    `missing_count`: of what two calls or more asked for, what is not listed too.
    `missing_once`: turns that asked for something that no second call did."""

    documents: int
    verdicts: int
    shown: int
    best: list[DocumentRow]
    worst: list[DocumentRow]
    never_shown: list[NeverShown]
    never_shown_count: int
    missing: list[Missing]
    missing_count: int = 0
    missing_once: int = 0
