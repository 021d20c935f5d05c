"""Whether the cards on a screen still say what their documents say."""

from __future__ import annotations

from collections.abc import Callable

from engine.assist import screen
from engine.assist.suggest import AssistSettings, CallSuggester
from engine.assist.view import CallExcerpt
from engine.knowledge.index import Index
from engine.knowledge.scope import EVERYTHING, Scope
from engine.measure.corpus import Shelf
from engine.wire import SuggestedDocument
from tests.engine.assist.conftest import HOTEL, library_of, make_document

MakeCall = Callable[..., CallExcerpt]

LONG = "Nobody asks about this sentence of the house. " * 12
FEE = ("fee", "Late fees", f"{LONG}A late fee is 5 euros a day. It is paid at the desk.")


def index_of(*made: tuple[str, str, str] | tuple[str, str, str, str]) -> Index:
    return Index.build(make_document(*fields) for fields in made)


def shown(index: Index) -> tuple[SuggestedDocument, ...]:
    """The card of a question about late fees."""
    found = CallSuggester(Shelf(index), AssistSettings()).search("default", "late fee euros", 1)
    assert "A late fee is 5 euros a day." in found[0].excerpt
    return tuple(found)


def compared(now: Index, cards: tuple[SuggestedDocument, ...]) -> screen.Stale:
    return screen.compared(now, cards, EVERYTHING)


def test_a_card_stands_while_its_document_says_what_it_says() -> None:
    before = index_of(FEE)
    longer = (*FEE[:2], f"{FEE[2]}\n\n# Opening hours\n\nFrom nine to five. {LONG}")

    assert compared(before, shown(before)) == ((), ())
    assert compared(index_of(longer), shown(before)) == ((), ()), "changed elsewhere"


def test_a_changed_text_gives_a_new_card_of_the_same_place() -> None:
    card = shown(index_of(FEE))[0]
    now = index_of(("fee", "Late fees", FEE[2].replace("5 euros", "50 euros")))

    (fresh,) = compared(now, (card,)).changed

    assert "A late fee is 50 euros a day." in fresh.excerpt
    assert (fresh.id, fresh.title, fresh.relevance) == (card.id, card.title, card.relevance)
    assert fresh.matches == card.matches
    assert compared(now, (fresh,)) == ((), ()), "and is not renewed again"


def test_a_number_that_only_grew_is_another_text() -> None:
    """The old words stand in the new ones."""
    before = index_of(("fee", "Late fees", "A late fee in euros: 5"))
    cards = tuple(CallSuggester(Shelf(before), AssistSettings()).search("default", "late fee", 1))
    now = index_of(("fee", "Late fees", "A late fee in euros: 50"))

    (fresh,) = compared(now, cards).changed

    assert (cards[0].excerpt, fresh.excerpt) == (
        "A late fee in euros: 5",
        "A late fee in euros: 50",
    )


def test_another_title_or_address_is_another_card() -> None:
    cards = shown(index_of(FEE))

    (renamed,) = compared(index_of(("fee", "What delay costs", FEE[2])), cards).changed
    (linked,) = compared(index_of((*FEE, "https://kb.example/fee")), cards).changed

    assert (renamed.title, linked.url) == ("What delay costs", "https://kb.example/fee")
    assert renamed.excerpt == linked.excerpt == cards[0].excerpt


def test_what_exists_no_more_or_is_for_other_calls_now_is_gone() -> None:
    cards = shown(index_of(FEE))
    made = make_document(*FEE)
    german = Index.build([type(made)(**{**_fields(made), "language": "de"})])

    assert compared(Index(()), cards) == (("fee",), ())
    assert screen.compared(german, cards, Scope("en")) == (("fee",), ())
    assert screen.compared(german, cards, EVERYTHING) == ((), ())


def test_a_text_of_which_nothing_is_left_gives_a_card_of_what_is_there() -> None:
    card = shown(index_of(FEE))[0]
    now = index_of(("fee", "Late fees", "Dogs are welcome."))

    (fresh,) = compared(now, (card,)).changed

    assert (fresh.excerpt, fresh.matches) == ("Dogs are welcome.", [])


def test_a_thanks_carries_the_new_card_though_it_shows_nothing(call: MakeCall) -> None:
    hotel = {**HOTEL, "parking": ("Parking a car", "Cars stand in the street now.")}
    before = library_of([make_document(i, *fields) for i, fields in HOTEL.items()])
    after = library_of([make_document(i, *fields) for i, fields in hotel.items()])
    asked = call("customer: where do I park my car for the night?")
    cards = CallSuggester(before, AssistSettings()).suggest(asked).documents
    thanks = call("customer: thanks").lines

    found = CallSuggester(after, AssistSettings()).suggest(
        CallExcerpt("default", thanks, shown=cards)
    )

    assert cards[0].id == "parking"
    assert found.documents == ()
    assert [(card.id, card.excerpt) for card in found.changed] == [
        ("parking", "Cars stand in the street now.")
    ]


def _fields(made: object) -> dict[str, object]:
    return {name: getattr(made, name) for name in type(made).__struct_fields__}  # type: ignore[attr-defined]
