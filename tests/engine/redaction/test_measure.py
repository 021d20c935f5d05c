"""The published figures hold: recall and precision on the labelled lines do not fall."""

from __future__ import annotations

import re
from itertools import count

import pytest

from engine.redaction import measure as m
from engine.redaction import scoring
from engine.redaction.redactor import KINDS, NO_REDACTION, Redactor

SLACK = 0.03
LINES = m.read_labelled(m.LABELLED)
CELL = r"\|\s*([\d.]+)%?\s*"


def published() -> dict[str, tuple[float, float]]:
    """(recall, precision) of all, by half, as docs/redaction.md has them."""
    row = re.search(rf"(?m)^\| all {CELL * 8}\|$", m.PAGE.read_text("utf-8"))
    assert row is not None, "docs/redaction.md has no row of all: make redaction-report"
    figures = [float(cell) / 100 for cell in row.groups()]
    return {"a": (figures[1], figures[3]), "b": (figures[5], figures[7])}


@pytest.mark.parametrize("half", ["a", "b"])
def test_no_more_than_three_points_are_lost_of_what_is_published(half: str) -> None:
    recall, precision = published()[half]
    score = m.measure([line for line in LINES if line.half == half], Redactor()).all
    assert score.recall >= recall - SLACK
    assert score.precision >= precision - SLACK


def test_the_set_is_as_large_and_as_mixed_as_the_page_says() -> None:
    assert len(LINES) >= 450
    assert sum(not line.spans for line in LINES) >= 200
    assert {line.lang for line in LINES} == {"en", "de", "fr", "es"}
    assert {label.kind for line in LINES for label in line.spans} == set(KINDS) - {"digits"}


def line(text: str, *spans: scoring.Label) -> scoring.Labelled:
    return scoring.Labelled("customer", text, list(spans), "en", "a")


def test_a_span_with_one_digit_left_is_not_found_and_a_hidden_order_is_an_alarm() -> None:
    card = scoring.Label("card", "my 4242 4242 4242 4242")  # "my" is not hidden
    found = m.measure([line("it is my 4242 4242 4242 4242", card)], Redactor()).all
    assert (found.labelled, found.found, found.hidden, found.right) == (1, 0, 1, 1)
    alarm = m.measure([line("call me on 07700 900123")], Redactor())
    assert (alarm.all.precision, alarm.clean_kept, len(alarm.alarms)) == (0.0, 0, 1)


def test_without_redaction_nothing_is_found() -> None:
    assert m.measure(LINES, NO_REDACTION).all.found == 0


def test_the_cost_of_a_line_is_in_microseconds() -> None:
    ticks = count()  # a second between two looks at the clock
    spent = m.cost([line("hello")], NO_REDACTION, lambda: float(next(ticks)))
    assert spent.talk_us == spent.clean_us == pytest.approx(1e6 / 5)


def test_the_table_goes_between_its_marks_and_nowhere_else() -> None:
    assert m.publish(f"a\n{m.BEGIN}\nold\n{m.END}\nb", "new\n") == f"a\n{m.BEGIN}\nnew\n{m.END}\nb"
    with pytest.raises(ValueError, match="measured"):
        m.publish("no marks", "new")
