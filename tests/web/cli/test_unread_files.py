"""What of a folder an import did not read, told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from web.cli.commands import earshot
from web.cli.unread_files import MOST_NAMED, told

DOCUMENT = '{"id": "a", "title": "A", "text": "Text."}\n'


def files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def test_beside_a_kb_everything_is_told_by_name_or_by_number(tmp_path: Path) -> None:
    (tmp_path / "kb.jsonl").write_text(DOCUMENT)
    files(tmp_path, "dialogues.jsonl", "a.md", "sub/b.md", "c.HTML", "d.pdf", "e.docx", ".hidden")
    assert told(tmp_path) == (
        f"Not read of {tmp_path}: dialogues.jsonl, 1 .html file, 2 .md files,"
        " 2 files of other kinds (.docx, .pdf)"
    )


def test_a_single_other_kind_is_one_and_a_file_may_have_no_ending(tmp_path: Path) -> None:
    files(tmp_path, "a.md", "Makefile")
    assert told(tmp_path).endswith(": 1 file of another kind (no ending)")


def test_many_names_and_kinds_stay_one_line(tmp_path: Path) -> None:
    (tmp_path / "kb.jsonl").write_text(DOCUMENT)
    files(tmp_path, *(f"{n}.jsonl" for n in range(MOST_NAMED + 3)))
    files(tmp_path, *(f"x.k{n}" for n in range(MOST_NAMED + 1)))
    said = told(tmp_path)
    assert "4.jsonl, 3 more .jsonl, 6 files of other kinds (.k0, .k1, .k2, .k3, .k4, …)" in said
    assert "\n" not in said


def test_where_all_is_read_or_it_is_no_folder_nothing_is_told(tmp_path: Path) -> None:
    files(tmp_path, "a.md", "b.jsonl")
    assert (told(tmp_path), told(tmp_path / "a.md")) == ("", "")


def test_an_import_says_what_it_did_not_read(server: Any, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text(DOCUMENT)
    files(tmp_path, "b.md", "c.pdf")
    server.answer = lambda asked: (200, {"accepted": 2, "refused": []})
    result = CliRunner().invoke(earshot, ["import-documents", str(tmp_path)],
                                env={"EARSHOT_URL": server.url, "EARSHOT_TOKEN": "t"})  # fmt: skip
    assert (result.exit_code, result.output) == (
        0,
        f"2 documents imported.\nNot read of {tmp_path}: 1 file of another kind (.pdf)\n",
    )


def test_links_to_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / "more").symlink_to(tmp_path)

    assert told(tmp_path) == f"Not read of {tmp_path}: 1 link to folders (more)"
