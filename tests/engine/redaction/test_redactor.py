"""What a line may show: numbers that pay, call or open something are replaced by their kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.redaction.cues import Line
from engine.redaction.redactor import KINDS, NO_REDACTION, Redactor

REDACTOR = Redactor()
CARD = "4242 4242 4242 4242"
SPOKEN_CARD = " ".join(["four two"] * 8)


def shown(text: str, *before: Line, speaker: str = "customer", final: bool = True) -> str:
    return REDACTOR.redact(text, speaker, before, final=final).text


def agent(text: str) -> Line:
    return Line("agent", text)


def customer(text: str) -> Line:
    return Line("customer", text)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"my card is {CARD} thanks", "my card is [card] thanks"),
        (f"it's {CARD}, expiry 12 27, and 123", "it's [card], expiry [card]"),
        (f"so that is {SPOKEN_CARD} okay", "so that is [card] okay"),
        ("it is 3782-822463-10005", "it is [card]"),
        ("call me on 555-867-5309", "call me on [phone]"),
        ("reach me at +49 30 901820", "reach me at [phone]"),
        ("07700 900123 is my mobile", "[phone] is my mobile"),
        ("that's ann.lee@example.co.uk", "that's [email]"),
        ("it is john dot smith at example dot com", "it is [email]"),
        ("iban DE89 3704 0044 0532 0130 00 okay", "iban [iban] okay"),
        ("my social is 123-45-6789", "my social is [national_id]"),
        ("insurance AB 12 34 56 C", "insurance [national_id]"),
        ("the code is 482913", "the code is [code]"),
        ("your verification code is four eight two nine", "your verification code is [code]"),
        ("meine PIN ist eins zwei drei vier", "meine PIN ist [code]"),
    ],
)
def test_what_pays_calls_or_opens_is_replaced_by_its_kind(said: str, kept: str) -> None:
    assert shown(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "my order number is 4158672671",
        "I arrive at 10:30 on 2024-01-03",
        "it cost 1,299.00 dollars and took 45 minutes",
        "I have one question about two routers",
        "the account number is 83920174",
        "meet me at the station dot that was it",
        "error code 5012 on the router",
        "we live at 1600 Pennsylvania Avenue, zip 20500",
        "somebody took $300 with my debit card, and 1,250.00 € in May",
        "how does version 6.15.0 differ from 6.14.0? I pay by card",
        "it is at 152 - 154 Hills Road, and their phone is not answered",
        "model XR500 with firmware 2.3.1",
        "",
    ],
)
def test_what_an_agent_needs_stays(said: str) -> None:
    assert shown(said) == said


def test_a_question_of_the_agent_says_what_the_digits_are() -> None:
    asked = agent("and your card number, please?")
    assert shown("4242 4242", asked) == "[card]"
    assert shown("4242 4242", agent("and your order number, please?")) == "4242 4242"


def test_a_number_dictated_over_lines_is_hidden_from_where_it_is_recognised() -> None:
    lines: list[Line] = []
    for part in ("four two four two", "four two four two", "four two four two"):
        lines.append(customer(shown(part, *lines)))
        lines.append(agent("mhm"))
    assert [line.text for line in lines if line.speaker == "customer"] == [
        "four two four two",
        "[digits]",
        "[digits]",
    ]


def test_the_first_half_of_a_card_is_hidden_though_nothing_follows_yet() -> None:
    assert shown("so it was 4242 4242 4242") == "so it was [digits]"
    assert shown("it is booked for the 4242") == "it is booked for the 4242"


def test_interim_text_lets_less_by_because_it_goes_on() -> None:
    assert shown("it is 4242 42") == "it is 4242 42"
    assert shown("it is 424242", final=False) == "it is [digits]"


def test_another_speakers_digits_do_not_go_on_the_line_before() -> None:
    assert shown("two four", agent("so four two four two four two")) == "two four"


def test_a_kind_that_is_switched_off_stays() -> None:
    cards_only = Redactor(kinds=["card"])
    assert (
        cards_only.redact(f"{CARD}; ann@example.com", "customer").text == "[card]; ann@example.com"
    )
    assert NO_REDACTION.redact(CARD, "customer").text == CARD


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        Redactor(kinds=["shoe_size"])


def test_counts_say_how_many_and_never_what() -> None:
    counts = REDACTOR.redact(f"{CARD} and ann@example.com, bob@example.com", "customer").counts
    assert counts == {"card": 1, "email": 2}


def test_what_a_digest_is_taken_of_tells_no_digit() -> None:
    one, other = (REDACTOR.blind(f"my number is {digits}") for digits in ("1234 5678", "8765 4321"))
    assert one == other
    assert not any(character.isdigit() for character in one)
    assert REDACTOR.blind("no number here") == "no number here"


@given(st.text(max_size=400), st.booleans())
def test_any_text_is_taken_and_nothing_but_spans_changes(text: str, final: bool) -> None:
    found = REDACTOR.redact(text, "customer", (agent(text),), final=final)
    assert set(found.counts) <= set(KINDS)
    if not found.counts:
        assert found.text == text


@given(st.integers(0, 10**11 - 1).map(lambda n: f"4{n:014d}"))
def test_every_card_number_is_hidden_however_it_is_grouped(body: str) -> None:
    total = sum(
        (digit if place % 2 else sum(divmod(2 * digit, 10)))
        for place, digit in enumerate(map(int, body))
    )
    number = body + str(-total % 10)
    for written in (
        number,
        " ".join(number[at : at + 4] for at in range(0, 16, 4)),
        " ".join(number),
    ):
        assert number[4:12] not in shown(f"it is {written} yes").replace(" ", "")


def test_a_hostile_line_takes_no_time_to_speak_of() -> None:
    """Work grows with the length, not with its square: counted in windows, not in seconds."""
    assert shown("1 " * 10_000).count("1") < 10_001
    assert shown("a@" * 10_000)
    assert shown("at dot " * 3_000)
    for piece in ("at a dot ", "1 a ", "AB12 ", "4 card ", "soixante et "):
        assert shown(piece * 500, agent("your e-mail?"))
