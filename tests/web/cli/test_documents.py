"""Documents on their way to a server: chunks, and the report of what was not taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.answers import DocumentBody
from engine.knowledge.documents import Placed
from web.cli import documents
from web.cli.client import Api
from web.cli.documents import CHUNK_BYTES, CHUNK_DOCUMENTS, chunks, read, send
from web.cli.failures import Failure, Refused


def body(doc_id: str, text: str = "Some text.") -> Placed:
    return Placed(f"{doc_id}.md", DocumentBody(id=doc_id, title="A title", text=text))


def sent(server: Any, items: list[Any]) -> tuple[documents.Outcome, list[int]]:
    done: list[int] = []
    with Api(server.url) as api:
        outcome = documents.Outcome()
        send(api, items, outcome, done.append, print)
        return outcome, done


def test_a_chunk_holds_so_many_documents() -> None:
    sizes = [len(chunk) for chunk in chunks(body(str(n)) for n in range(CHUNK_DOCUMENTS + 1))]
    assert sizes == [CHUNK_DOCUMENTS, 1]


def test_a_chunk_holds_so_many_bytes() -> None:
    third = "x" * (CHUNK_BYTES // 3)
    assert [len(chunk) for chunk in chunks(body(str(n), third) for n in range(4))] == [2, 2]


def test_a_document_larger_than_a_chunk_goes_alone() -> None:
    large = body("large", "x" * CHUNK_BYTES)
    assert [[d.body.id for d in chunk] for chunk in chunks([body("a"), large, body("b")])] == [
        ["a"],
        ["large"],
        ["b"],
    ]


def test_no_document_makes_no_request(server: Any) -> None:
    outcome, _ = sent(server, [])
    assert (outcome.accepted, outcome.refused) == (0, [])
    assert server.asked == []


def test_what_is_refused_is_told_with_its_reason(server: Any, tmp_path: Path) -> None:
    lines = [
        {"id": "good", "title": "Good", "text": "Text."},
        {"id": "bad id", "title": "Bad", "text": "Text."},
        {"id": "server", "title": "Server", "text": "Text."},
    ]
    path = tmp_path / "kb.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    error = {"code": "bad_request", "retryable": False, "field": "text"}
    error["message"] = "documents[1]: Holds no text"
    server.answer = lambda asked: (
        200,
        {"accepted": 1, "refused": [{"id": "server", "error": error}]},
    )
    outcome, done = sent(server, read(path))
    assert outcome.accepted == 1
    assert sum(done) == 3
    assert outcome.refused[0].startswith(f"{path}:2 (bad id): Expected an id")
    assert outcome.refused[0].endswith("|+*- (bad_request, field `id`)")
    assert outcome.refused[1] == f"{path}:3 (server): Holds no text (bad_request, field `text`)"


def test_what_a_server_refuses_without_a_place_is_told_by_its_id(server: Any) -> None:
    error = {"code": "bad_request", "message": "Holds no text", "retryable": False}
    server.answer = lambda asked: (200, {"accepted": 1, "refused": [{"id": "b", "error": error}]})
    outcome, _ = sent(server, [body("a"), body("b")])
    assert (outcome.accepted, outcome.refused) == (1, ["b.md (b): Holds no text (bad_request)"])


def test_an_id_that_stands_twice_is_told_within_a_request_and_across_them(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "CHUNK_DOCUMENTS", 2)
    error = {"code": "conflict", "retryable": False, "field": "id"}
    error["message"] = "documents[0]: documents[1] has the same id: `id`"
    answers = [{"accepted": 1, "refused": [{"id": "a", "error": error}]}]
    server.answer = lambda asked: (200, answers.pop() if answers else {"refused": []})
    rows = [Placed(f"kb.jsonl:{n}", body("a", f"Text {n}.").body) for n in (1, 2, 3)]
    outcome, _ = sent(server, rows)
    assert outcome.accepted == 1
    assert outcome.refused == [
        "kb.jsonl:1 (a): kb.jsonl:2 has the same id (conflict, field `id`)",
        "kb.jsonl:2 (a): kb.jsonl:3 has the same id, and the last one holds (conflict, field `id`)",
    ]


def test_only_the_fields_somebody_gave_are_sent(server: Any) -> None:
    server.answer = lambda asked: (200, {"accepted": 1, "refused": []})
    sent(server, [body("a")])
    assert server.asked[0].path == "/v1/documents"
    assert server.asked[0].body == {
        "documents": [{"id": "a", "title": "A title", "text": "Some text."}]
    }


def test_a_server_that_is_busy_is_asked_again(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: (
        refuse("busy", 429, retryable=True)
        if len(server.asked) < 2
        else (200, {"accepted": 1, "refused": []})
    )
    outcome, _ = sent(server, [body("a")])
    assert outcome.accepted == 1


def test_a_server_that_stays_away_ends_the_import(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PATIENCE_S", 0.1)
    server.answer = lambda asked: (0, None)
    with pytest.raises(Failure, match="The server was away"):
        sent(server, [body("a")])


def test_a_missing_right_ends_the_import(server: Any, refuse: Any) -> None:
    server.answer = lambda asked: refuse("forbidden", 403)
    with pytest.raises(Refused, match="forbidden"):
        sent(server, [body("a")])


def test_one_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "Late fee.md"
    path.write_text("# Late fee\n\nIt is 7.50.\n")
    (item,) = read(path)
    assert isinstance(item, Placed)
    assert (item.body.id, item.body.title) == ("Late-fee", "Late fee")


def test_a_folder_without_documents_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"holds no kb\.jsonl") as told:
        list(read(tmp_path))
    assert told.value.message.count(str(tmp_path)) == 1


def test_a_file_that_is_no_document_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n")
    with pytest.raises(Failure, match="Makefile is no document"):
        list(read(tmp_path / "Makefile"))
