"""Numbers are read as people dictate them, in four languages."""

from __future__ import annotations

import pytest

from engine.redaction.words import read_number


@pytest.mark.parametrize(
    ("said", "digits", "used"),
    [
        ("four two", "4", 1),
        ("forty two", "42", 2),
        ("forty zero", "40", 1),
        ("double four", "44", 2),
        ("quadruple 5", "5555", 2),
        ("nine hundred", "900", 2),
        ("four thousand", "4000", 2),
        ("zweiundvierzig", "42", 1),
        ("siebzehn", "17", 1),
        ("quarante deux", "42", 2),
        ("cinquante et un", "51", 3),
        ("soixante et onze", "71", 3),
        ("soixante dix huit", "78", 3),
        ("quatre vingt douze", "92", 3),
        ("quatre vingt dix neuf", "99", 4),
        ("quatre vingts", "80", 2),
        ("quatre deux", "4", 1),
        ("dix sept", "17", 2),
        ("quatre cent", "400", 2),
        ("cincuenta y cinco", "55", 3),
        ("veintidós", "22", 1),
        ("seiscientos doce", "600", 1),
        ("five cent", "5", 1),
        ("hundred", "", 1),
        ("double trouble", "", 1),
        ("hello", "", 1),
    ],
)
def test_a_number_is_read_with_the_words_that_are_its_own(
    said: str, digits: str, used: int
) -> None:
    assert read_number(said.split(), 0) == (digits, used)
