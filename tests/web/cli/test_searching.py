"""Documents found and deleted from the command line."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from web.cli.commands import earshot
from web.cli.searching import show

FOUND = {
    "documents": [
        {"id": "fee", "title": "Late \x1b[31mfee", "excerpt": "From\nday 5 …", "relevance": 0.834},
        {"id": "hours", "title": "Hours", "excerpt": "", "relevance": 0.1},
    ]
}


def run(server: Any, *arguments: str) -> Result:
    env = {"EARSHOT_URL": server.url, "EARSHOT_TOKEN": "mine"}
    return CliRunner().invoke(earshot, list(arguments), env=env)


def test_what_was_found_is_shown_with_its_id_and_passage(server: Any) -> None:
    server.answer = lambda asked: (200, FOUND)
    result = run(server, "search", "late", "fee", "--limit", "3")
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        ["0.83  fee: Late  [31mfee", "      From day 5 …", "0.10  hours: Hours"],
    )
    assert server.asked[0][:2] == ("GET", "/v1/documents/search")
    assert server.asked[0].query == "q=late+fee&limit=3"


def test_what_is_wider_than_the_terminal_goes_on_behind_the_first_column() -> None:
    shown = StringIO()
    console = Console(file=shown, width=24, highlight=False, markup=False)
    excerpt = "Posted [b]today[/b], there tomorrow."
    show([{"id": "d", "title": "Like for like, over the counter", "excerpt": excerpt,
           "relevance": 0.2}], console)  # fmt: skip
    assert shown.getvalue().splitlines() == [
        "0.20  d: Like for like,",
        "      over the counter",
        "      Posted",
        "      [b]today[/b],",
        "      there tomorrow.",
    ]


def test_the_answer_can_be_had_as_json(server: Any) -> None:
    server.answer = lambda asked: (200, FOUND)
    assert json.loads(run(server, "search", "fee", "--json").output) == FOUND


@pytest.mark.parametrize(
    ("documents", "told"),
    [(3, "No document was found for these words."), (0, "There are no documents")],
)
def test_where_nothing_was_found_it_is_said_why(server: Any, documents: int, told: str) -> None:
    server.answer = lambda asked: (200, {"documents": [] if "search" in asked.path else documents})
    result = run(server, "search", "fee")
    assert result.exit_code == 0
    assert told in result.output


@pytest.mark.parametrize("arguments", [["search"], ["search", " "], ["delete-document", "no id"]])
def test_what_was_typed_wrong_is_told_before_anybody_is_asked(
    server: Any, arguments: list[str]
) -> None:
    assert run(server, *arguments).exit_code == 2
    assert server.asked == []


def test_a_document_is_deleted_by_its_id(server: Any) -> None:
    server.answer = lambda asked: (204, b"")
    result = run(server, "delete-document", "a|b")
    assert (result.exit_code, result.output) == (0, "Document a|b deleted.\n")
    assert server.asked[0][:2] == ("DELETE", "/v1/documents/a%7Cb")


def test_a_document_that_is_not_there_is_told_with_what_helps(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("not_found", 404)
    result = run(server, "delete-document", "fee")
    assert (result.exit_code, result.output) == (
        1,
        "Error: There is no document fee. `./earshot search WORDS` shows ids.\n",
    )


def test_a_missing_right_is_told_as_it_is(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("forbidden", 403)
    result = run(server, "delete-document", "fee")
    assert (result.exit_code, "(forbidden)" in result.output) == (1, True)
