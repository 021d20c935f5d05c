"""What may be a document."""

from __future__ import annotations

import pytest

from engine.answers import DocumentBody, Refusal
from engine.errors import BadRequest
from engine.knowledge import documents
from engine.knowledge.documents import (
    Placed,
    Refused,
    document_of,
    read_batch,
    receipt,
)
from engine.wire import Error

NOW = "2025-01-01T00:00:00.000Z"


def body(**changes: object) -> DocumentBody:
    fields: dict[str, object] = {"id": "refunds", "title": "Refunds", "text": "We pay back."}
    return DocumentBody(**(fields | changes))  # type: ignore[arg-type]


def test_a_document_is_kept_as_it_was_sent() -> None:
    sent = body(
        text="# Refunds\n\nWe pay.",
        url="https://x.example/a",
        tags=["a", " b ", "a"],
        language="en",
    )

    document = document_of(sent, "acme", NOW)

    assert document.text == "# Refunds\n\nWe pay."
    assert document.tenant == "acme"
    view = document.view()
    assert (view.id, view.updated_at, view.tags, view.language) == (
        "refunds",
        NOW,
        ["a", "b"],
        "en",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "no spaces"}, "id"),
        ({"id": "a\n"}, "id"),
        ({"id": ""}, "id"),
        ({"title": ""}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": " \u200b\u202e "}, "title"),
        ({"id": "."}, "id"),
        ({"id": ".."}, "id"),
        ({"id": "search"}, "id"),
        ({"url": "https://kb.example/\u202egpj"}, "url"),
        ({"url": "https://kb.example/\x01"}, "url"),
        ({"url": "https://kb.example:99999/"}, "url"),
        ({"title": "x" * 501}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "a\ud800"}, "title"),
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "a\udfff"}, "text"),
        ({"text": "x" * 500_001}, "text"),
        ({"text": "<script>alert(1)</script><style>p{}</style><!-- only -->"}, "text"),
        ({"text": "😀 🎉"}, "text"),
        ({"text": "<div>a" * 80_000}, "text"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "//evil.example"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://x.example/a b"}, "url"),
        ({"url": "https://[x"}, "url"),
        ({"tags": ["ok", " "]}, "tags[1]"),
        ({"tags": ["ok", "a\x00"]}, "tags[1]"),
        ({"language": "no language"}, "language"),
    ],
)
def test_what_cannot_be_a_document_is_refused_naming_the_field(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        document_of(body(**changes), "default", NOW)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "url", ["https://x.example/a?b=1#c", "http://localhost:8000", "/articles/7"]
)
def test_an_address_on_the_web_or_a_path_is_taken(url: str) -> None:
    assert document_of(body(url=url), "default", NOW).url == url


def test_a_text_may_hold_many_headings_and_not_one_for_each_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "MOST_HEADINGS", 3)
    section = "# A\n\na\n\n"
    assert document_of(body(text=section * 3), "default", NOW).text
    with pytest.raises(BadRequest, match="over 3 headings") as refused:
        document_of(body(text=section * 4), "default", NOW)
    assert refused.value.field == "text"


def test_of_a_batch_the_good_ones_are_kept_and_the_others_named() -> None:
    unread = Refused("line 3", Refusal(None, Error("bad_request", "Not JSON", False)))
    bodies = body(id="a"), body(id="b", text="<script></script>"), body(id="c")
    first, second, third = (Placed(f"line {n}", one) for n, one in enumerate(bodies, 1))
    items = [first, second, unread, third]

    kept, refused = read_batch(items, "default", NOW)

    assert [document.id for document in kept] == ["a", "c"]
    answer = receipt(len(kept), refused)
    assert answer.accepted == 2
    assert [(item.id, item.error.code) for item in answer.refused] == [
        ("b", "bad_request"),
        (None, "bad_request"),
    ]
    assert answer.refused[0].error.field == "text"
    assert answer.refused[0].error.message == "line 2: Holds no readable text: `text`"


def test_of_two_documents_with_one_id_the_last_one_holds_and_the_other_is_named() -> None:
    items = [Placed("line 1", body(text="Old.")), Placed("line 2", body(text="New."))]

    kept, refused = read_batch(items, "default", NOW)

    assert [document.text for document in kept] == ["New."]
    [told] = receipt(1, refused).refused
    assert (told.id, told.error.code, told.error.field) == ("refunds", "conflict", "id")
    assert told.error.message == "line 1: line 2 has the same id, and the last one holds: `id`"


def test_a_document_that_cannot_be_kept_takes_no_others_place() -> None:
    items = [Placed("line 1", body(text="Old.")), Placed("line 2", body(text=" "))]

    kept, refused = read_batch(items, "default", NOW)

    assert [document.text for document in kept] == ["Old."]
    assert [item.where for item in refused] == ["line 2"]
