"""What the tests of assistance share: a small hotel that knows five things."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from engine.assist.view import CallExcerpt, CallLine
from engine.knowledge.documents import Document
from engine.knowledge.index import Index
from engine.measure.corpus import Shelf

HOTEL = {
    "late": (
        "Late checkout",
        "Guests may keep their room until noon. A later departure costs half a night. Ask the"
        " front desk the evening before.",
    ),
    "parking": (
        "Parking a car",
        "Guests park their cars behind the house. A place costs ten euros a night. Bicycles"
        " stand in the cellar.",
    ),
    "pets": ("Pets", "Dogs are welcome for a fee. Cats and other animals stay at home."),
    "breakfast": ("Breakfast", "Eggs and bread are served from seven until ten o'clock."),
    "wifi": ("Wireless network", "The password of the network is printed on the key card."),
}


def library_of(documents: Sequence[Document]) -> Shelf:
    return Shelf(Index.build(documents))


def make_document(doc_id: str, title: str, text: str, url: str | None = None) -> Document:
    return Document(
        id=doc_id,
        title=title,
        text=text,
        tenant="default",
        updated_at="2025-01-01T00:00:00.000Z",
        url=url,
    )


@pytest.fixture
def hotel() -> Shelf:
    return library_of([make_document(i, title, text) for i, (title, text) in HOTEL.items()])


@pytest.fixture
def knowing() -> Callable[..., Shelf]:
    """A library of (id, title, text) or (id, title, text, url)."""
    return lambda *made: library_of([make_document(*fields) for fields in made])


@pytest.fixture
def call() -> Callable[..., CallExcerpt]:
    """An excerpt of lines written "customer: …" or "agent: …"."""

    def make(*lines: str, dismissed: Sequence[str] = (), tenant: str = "default") -> CallExcerpt:
        said = []
        for number, line in enumerate(lines, start=1):
            speaker, _, text = line.partition(": ")
            assert speaker in ("customer", "agent")
            said.append(CallLine(speaker, text, f"s{number}", number))  # type: ignore[arg-type]
        return CallExcerpt(tenant, tuple(said), frozenset(dismissed))

    return make
