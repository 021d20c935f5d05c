"""Documents out of JSON, JSON lines and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import UNSET

from engine.answers import DocumentBody
from engine.errors import BadRequest
from engine.knowledge.documents import Placed, Refused
from engine.knowledge.readers import (
    MAX_FILE_BYTES,
    MAX_LINE_BYTES,
    linked_folders,
    passed_over,
    read_folder,
    read_json,
    read_lines,
)

GOOD = b'{"id":"a","title":"A","text":"Text.","domain":"ignored"}'


def split(items: Iterable[Placed | Refused]) -> tuple[list[DocumentBody], list[Refused]]:
    every = list(items)
    return (
        [item.body for item in every if isinstance(item, Placed)],
        [item for item in every if isinstance(item, Refused)],
    )


def test_one_bad_line_is_refused_and_the_others_are_read() -> None:
    lines = [
        GOOD,
        b"",
        b"{broken",
        b'{"id":"b","title":"B"}',
        b'{"id":"c c","title":"C","text":"T"}',
        b"[1]",
        GOOD.replace(b'"a"', b'"z"', 1),
    ]

    bodies, refused = split(read_lines(lines))

    assert [body.id for body in bodies] == ["a", "z"]
    assert [(item.where, item.refusal.id, item.refusal.error.field) for item in refused] == [
        ("line 3", None, UNSET),
        ("line 4", "b", "text"),
        ("line 5", "c c", "id"),
        ("line 6", None, UNSET),
    ]
    assert all(item.told().error.message.startswith(f"{item.where}: ") for item in refused)


@pytest.mark.parametrize("text", [r"a\u0000b", r"a\ud800b"])
def test_text_that_no_store_can_hold_is_refused_naming_the_field(text: str) -> None:
    _, (refused,) = split(read_lines([b'{"id":"a","title":"A","text":"%s"}' % text.encode()]))

    assert (refused.refusal.id, refused.refusal.error.field) == ("a", "text")


def test_a_line_beyond_any_document_is_refused_unread() -> None:
    _, (refused,) = split(read_lines([b'{"text":"' + b"x" * MAX_LINE_BYTES]))

    assert refused.refusal.error.code == "too_large"


def test_one_bad_document_of_a_body_is_refused_and_the_others_are_read() -> None:
    body = (
        b'{"documents":[%s,{"id":7,"title":"B","text":"T"},"x",{"id":"d","title":"D","text":"\\ud800"}]}'
        % GOOD
    )

    bodies, refused = split(read_json(body))

    assert [item.id for item in bodies] == ["a"]
    assert [(item.where, item.refusal.id, item.refusal.error.field) for item in refused] == [
        ("documents[1]", None, "id"),
        ("documents[2]", None, UNSET),
        ("documents[3]", "d", "text"),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"documents":{}}', b"{}", b"[" * 100_000])
def test_a_body_that_is_not_a_list_of_documents_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BadRequest):
        list(read_json(body))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "\xe4"}', "Not JSON: not UTF-8 at byte 8"),
        (b"[" * 100_000, "Not JSON: nested too deeply"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "Not JSON: a number of too many digits"),
        (b'{"id": NaN}', "Not JSON: NaN is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_in_words_for_people(line: bytes, said: str) -> None:
    assert [one.refusal.error.message for one in split(read_lines([line]))[1]] == [said]


def test_a_link_to_a_folder_is_not_followed_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "circle").symlink_to(tmp_path)

    bodies, refused = split(read_folder(tmp_path))

    assert ([body.id for body in bodies], refused) == (["a"], [])
    assert linked_folders(tmp_path) == [tmp_path / "more" / "circle"]


def test_a_folder_of_files_is_read_with_title_tags_and_id(tmp_path: Path) -> None:
    (tmp_path / "late-fee.md").write_text("# Late fees\ntags: billing, fees\n\nWe charge 5 EUR.\n")
    (tmp_path / "Opening hours.html").write_text("<html><title>Hours</title><p>Nine to five.")
    (tmp_path / "plain.txt").write_text("Call us\nBy telephone.")
    (tmp_path / "bare.md").write_text("Only *text*.")
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "refund.md").write_text("# Refund\n\nThree days.")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "hidden.md").write_text("# Hidden")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")

    bodies, refused = split(read_folder(tmp_path))

    assert refused == []
    assert {body.id: (body.title, body.tags) for body in bodies} == {
        "late-fee": ("Late fees", ["billing", "fees"]),
        "Opening-hours": ("Hours", []),
        "plain": ("Call us", []),
        "bare": ("bare", []),
        "billing.refund": ("Refund", []),
    }
    assert all("tags:" not in body.text for body in bodies)


def test_a_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Café".encode("latin-1"))
    (tmp_path / "nul.txt").write_bytes(b"a\x00b")
    (tmp_path / "huge.txt").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "blank.md").write_text("\ufeff \n\n")
    (tmp_path / "gone.md").symlink_to("nowhere.md")
    (tmp_path / "good.md").write_text("# One")
    os.mkfifo(tmp_path / "pipe.md")

    bodies, refused = split(read_folder(tmp_path))

    assert [body.id for body in bodies] == ["good"]
    told = {item.where: item.refusal.error for item in refused}
    assert {where: (error.code, error.field) for where, error in told.items()} == {
        "latin.txt": ("bad_request", "text"),
        "nul.txt": ("bad_request", "text"),
        "huge.txt": ("too_large", "text"),
        "empty.md": ("bad_request", "text"),
        "blank.md": ("bad_request", "text"),
        "gone.md": ("bad_request", "text"),
    }
    assert told["empty.md"].message == "The file is empty: `text`"
    assert told["gone.md"].message == "Cannot be read: No such file or directory: `text`"


def closed_to_us(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were somebody else's; root may read everything."""
    scandir = os.scandir

    def refuse(place: object) -> object:
        if Path(str(place)) == folder:
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)


def test_a_folder_below_that_cannot_be_read_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "good.md").write_text("# One")
    closed_to_us(tmp_path / "secret", monkeypatch)

    bodies, refused = split(read_folder(tmp_path))

    assert [body.id for body in bodies] == ["good"]
    assert [(item.where, item.refusal.error.message) for item in refused] == [
        ("secret/", "Cannot be read: Permission denied")
    ]


def test_a_folder_that_cannot_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_to_us(tmp_path, monkeypatch)

    with pytest.raises(PermissionError):
        list(read_folder(tmp_path))


def test_a_folder_with_json_lines_is_read_by_them(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Not a document")
    lines = [{"id": f"d{n}", "title": "T", "text": "Text."} for n in range(3)]
    (tmp_path / "kb.jsonl").write_text("\n".join(json.dumps(line) for line in lines))

    bodies, refused = split(read_folder(tmp_path))

    assert ([body.id for body in bodies], refused) == (["d0", "d1", "d2"], [])


def test_a_bad_line_is_named_by_its_file_wherever_that_lies(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "kb.jsonl").write_text("{}\n")
    (tmp_path / "kb" / "bad.md").write_text("")

    assert [item.where for item in read_folder(tmp_path)] == ["kb/kb.jsonl:1"]
    (tmp_path / "kb" / "kb.jsonl").unlink()
    assert [item.where for item in read_folder(tmp_path)] == ["kb/bad.md"]


def test_json_lines_of_a_folder_are_read_beside_its_other_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "wombat.md").write_text("# Wombat\n\nDigs.")
    (tmp_path / "gizmo.html").write_text("<title>Gizmo</title><p>Blinks.")
    (tmp_path / "more.jsonl").write_text('{"id":"m","title":"M","text":"Text."}\n\n{"id":"n"}\n')
    (tmp_path / "gone.jsonl").symlink_to("nowhere.jsonl")

    bodies, refused = split(read_folder(tmp_path))

    assert {body.id for body in bodies} == {"m", "gizmo", "sub.wombat"}
    assert [item.where for item in refused] == ["gone.jsonl", "more.jsonl:3"]
    assert passed_over(tmp_path) == []


def test_calls_to_replay_are_no_documents_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    for name in ("dialogues.jsonl", "calls.jsonl"):
        (tmp_path / name).write_text('{"turns": []}\n')

    bodies, refused = split(read_folder(tmp_path))

    assert ([body.id for body in bodies], refused) == (["a"], [])
    assert [path.name for path in passed_over(tmp_path)] == ["calls.jsonl", "dialogues.jsonl"]


@pytest.mark.parametrize("inside", ["", "kb"])
def test_what_a_folder_with_a_kb_holds_beside_it_is_passed_over(
    tmp_path: Path, inside: str
) -> None:
    (tmp_path / inside).mkdir(exist_ok=True)
    (tmp_path / inside / "kb.jsonl").write_text('{"id":"a","title":"A","text":"Text."}\n')
    (tmp_path / ".hidden").write_text("")
    for name in ("more.jsonl", "README.md", "photo.png"):
        (tmp_path / name).write_text("x")

    bodies, refused = split(read_folder(tmp_path))

    assert ([body.id for body in bodies], refused) == (["a"], [])
    names = [path.name for path in passed_over(tmp_path)]
    assert names == ["README.md", "more.jsonl", "photo.png"]


def test_each_limit_of_size_is_named_as_itself(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "line.jsonl").write_bytes(b"x" * (MAX_LINE_BYTES + 1))
    (tmp_path / "text.txt").write_text("x" * 500_001)

    told = {item.where: item.refusal.error.message for item in split(read_folder(tmp_path))[1]}

    assert told == {
        "file.txt": "The file is larger than 2,000,000 bytes: `text`",
        "line.jsonl:1": "The line is larger than 4,000,000 bytes: `text`",
        "text.txt": "At most 500,000 characters: `text`",
    }


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"no kb\.jsonl"):
        list(read_folder(tmp_path))
