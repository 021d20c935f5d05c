"""What is hidden because it was asked for, spelled or said in pieces, and what is not."""

from __future__ import annotations

import pytest

from engine.redaction.cues import Line
from engine.redaction.measure import LABELLED
from engine.redaction.redactor import Redactor
from engine.redaction.scoring import kept_before, read_labelled

REDACTOR = Redactor()


def answer(question: str, said: str) -> str:
    return REDACTOR.redact(said, "customer", [Line("agent", question)]).text


@pytest.mark.parametrize(
    ("question", "said", "kept"),
    [
        ("the security code on the back of the card?", "five oh one", "[code]"),
        ("the phone number on the account?", "four one five", "[phone]"),
        ("when does it expire", "03 29", "[card]"),
        ("and the IBAN?", "GB33 BUKB", "[iban]"),
        ("your licence is a passport number, please", "K 7 4 1 B 2 9", "[national_id]"),
        ("what is your e-mail", "ann dot lee", "[email]"),
        ("what is your e-mail", "a double n l double e", "a double n l double e"),
        ("what is your e-mail", "well at this point I am not sure", None),
        ("I will mail you", "it is version 14 dot 2 dot 1", None),
        ("what is your order number", "114 29 88", None),
        ("do you have the card with you", "in two minutes", None),
        ("when does the warranty expire", "30 June", None),
    ],
)
def test_an_answer_is_judged_by_its_question(question: str, said: str, kept: str | None) -> None:
    assert answer(question, said) == (said if kept is None else kept)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("it is ann j ninety one at yahoo dot com", "it is [email]"),
        ("mail a n n dot lee at example dot net, lower case", "mail [email], lower case"),
        ("that's b as in bravo, o, b at example dot com", "that's [email]"),
        ("G B 82 W E S T one two three four five six nine eight seven six five four 32", "[iban]"),
        ("it's J G one zero three seven five nine A", "it's [national_id]"),
        ("Q-482913 is your verification code", "[code] is your verification code"),
        ("I bought it at amazon dot com", None),
        ("the card ending in 4242", None),
        ("I have a 2016 model and 3 of the 2019", None),
        ("das habe ich nie, 3000 mal nicht", None),
        ("social media brought us 10000 people", None),
    ],
)
def test_what_is_spelled_is_found_and_what_looks_like_it_stays(said: str, kept: str | None) -> None:
    assert REDACTOR.redact(said, "customer").text == (said if kept is None else kept)


def test_a_blind_text_holds_nothing_that_any_talk_around_would_hide() -> None:
    for line in read_labelled(LABELLED):
        kept = kept_before(line, REDACTOR)
        blind = REDACTOR.blind(line.text)
        for span in REDACTOR.spans(line.text, line.speaker, kept, final=line.final):
            assert line.text[span.start : span.end] not in blind


def test_a_blind_text_holds_no_name_of_a_thing_that_may_answer_a_question_for_a_code() -> None:
    assert "XR4500" not in REDACTOR.blind("They asked about the XR4500.")
