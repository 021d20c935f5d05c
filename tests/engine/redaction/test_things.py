"""Which numbers a text keeps that a model reads or wrote."""

from __future__ import annotations

import pytest

from engine.redaction.redactor import NO_REDACTION, Redactor

REDACTOR = Redactor()


@pytest.mark.parametrize(
    "written",
    [
        "Customer's iPhone 12 has no 5G",
        "Wants a call back within 24 hours",
        "Delivery takes 24-48 hours, or 5 days",
        "The XR4500 shows 3 lights and error 651",
        "Their Fritzbox 7590 loses Wi-Fi",
        "Upgrade from 500 MB to 1000 Mbps",
        "Windows 11, version 23, on channel 6",
        "Refund of £34.50, or 20 %, by 10:30 tomorrow",
        "Der Techniker kommt in 3 Tagen",
        "The [card] ending was refused twice",
        "One moment, the first two routers",
        "Has 2 decoders, 3 separate bills and 5 marked pages",
    ],
)
def test_numbers_of_things_stay(written: str) -> None:
    assert REDACTOR.without_numbers(written) == written


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Read out 4242 4242 4242 4242", "Read out [digits]"),
        ("Their PIN is 1234", "Their PIN is [digits]"),
        ("PIN 12 and code 77", "PIN [digits] and code [digits]"),
        ("Asks about order 45218", "Asks about order [digits]"),
        ("Order number 45 is late", "Order number [digits] is late"),
        ("Customer 4521 complains", "Customer [digits] complains"),
        ("Call back on 5551234", "Call back on [digits]"),
        ("They said four two double four", "They said [digits]"),
        ("Lives at 12 Baker Street", "Lives at [digits] Baker Street"),
        ("Lives at flat 3, Marienstraße 14", "Lives at flat [digits], Marienstraße [digits]"),
        ("Born 12 March 1984", "Born [digits]"),
        ("Born on March 3rd, 1984", "Born on [digits]"),
        ("Born 03/12/1984 or 1984-12-03", "Born [digits] or [digits]"),
        ("Born Sept. 3, 1984, or May 1984", "Born [digits], or [digits]"),
        ("Né le 12 mars 1984", "Né le [digits]"),
        ("A 34-year-old customer, aged 34", "A [digits] customer, aged [digits]"),
        ("In 1984 they moved", "In [digits] they moved"),
        ("Sort code 12-34-56", "Sort code [digits]"),
        ("mail ann.lee@example.org", "mail [email]"),
    ],
)
def test_numbers_of_people_go(written: str, left: str) -> None:
    assert REDACTOR.without_numbers(written) == left


def test_what_was_redacted_stays_redacted() -> None:
    redacted = "my card is [card] and the code [code], ring me on [phone]"
    assert REDACTOR.without_numbers(redacted) == redacted
    assert REDACTOR.without_numbers(REDACTOR.without_numbers("PIN 1234")) == "PIN [digits]"


def test_nothing_is_hidden_where_redaction_is_off() -> None:
    assert NO_REDACTION.without_numbers("Their PIN is 1234") == "Their PIN is 1234"
