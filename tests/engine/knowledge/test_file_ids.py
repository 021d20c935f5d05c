"""The id of a document that is a file."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from msgspec import convert

from engine.knowledge.file_ids import id_of
from engine.wire import Id

JAPANESE = ("解約.md", "返金.md", "FAQ 解約.md", "FAQ 返金.md", "か.md", "が.md")
RUSSIAN = ("возврат.md", "оплата.md", "помощь/возврат.md")
HINDI = ("कि.md", "की.md", "क.md")
LONG = ("a" * 200 + ".md", "a" * 201 + ".md")
NO_UTF8 = ("\udcff.md", "\udcfe.md")
ODD = (".md", "!.md", "search.md", "-.md", "..../x.md")


@pytest.mark.parametrize(
    ("path", "doc_id"),
    [
        ("billing/Late fee.md", "billing.Late-fee"),
        ("Späte Gebühr.md", "Spate-Gebuhr"),
        ("Straße.txt", "Strasse"),
        ("what? how!.md", "what-how"),
        ("!.md", "document"),
        ("search.md", "search_"),
        ("help/search.md", "help.search"),
    ],
)
def test_a_file_is_named_by_its_path(path: str, doc_id: str) -> None:
    assert id_of(path) == doc_id


@pytest.mark.parametrize("paths", [JAPANESE, RUSSIAN, HINDI, LONG, NO_UTF8])
def test_files_whose_names_no_id_can_hold_have_ids_of_their_own(paths: tuple[str, ...]) -> None:
    assert len({id_of(path) for path in paths}) == len(paths)


@pytest.mark.parametrize("path", [*JAPANESE, *RUSSIAN, *HINDI, *LONG, *NO_UTF8, *ODD])
def test_every_file_has_an_id(path: str) -> None:
    convert(id_of(path), Id)


@pytest.mark.parametrize("path", ["Gebühr.md", "が.md", "Ελλάδα.md", "한국어.md"])
def test_a_file_has_the_same_id_whichever_system_wrote_its_name(path: str) -> None:
    assert id_of(normalize("NFD", path)) == id_of(normalize("NFC", path))
