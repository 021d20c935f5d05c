"""Whose a session is, read from its id."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.place import Place, SessionIds, place_in

SECOND = Place(2, 3, Path("/tmp/somewhere"), 5, 6)


def test_a_place_is_told_through_the_environment() -> None:
    assert place_in(SECOND.environ()) == SECOND
    assert place_in({}) is None


def test_a_lone_process_without_a_name_has_ids_of_chance_alone() -> None:
    ids = SessionIds("", None)
    assert ids.naming(lambda: "chance")() == "chance"
    assert ids.elsewhere(".2.chance") is None


def test_an_id_names_the_node_and_the_process() -> None:
    assert SessionIds("", SECOND).naming(lambda: "chance")() == ".2.chance"
    assert SessionIds("left", SECOND).naming(lambda: "chance")() == "left.2.chance"
    assert SessionIds("left", None).naming(lambda: "chance")() == "left.1.chance"


@pytest.mark.parametrize(
    ("session_id", "number"),
    [
        ("left.1.chance", 1),
        ("left.3.chance", 3),
        ("left.2.chance", None),  # ours
        ("left.4.chance", None),
        ("left.0.chance", None),
        ("left.-1.chance", None),
        ("left.\u0663.chance", None),
        ("right.1.chance", None),
        ("left..chance", None),
        ("left.1", None),
        ("chance", None),
        ("", None),
    ],
)
def test_only_an_id_of_this_node_belongs_to_another_process(
    session_id: str, number: int | None
) -> None:
    assert SessionIds("left", SECOND).elsewhere(session_id) == number
