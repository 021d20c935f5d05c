"""Links in documents: which are followed, and the words that they stand under."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.answers import DocumentBlock
from engine.knowledge.documents import Document
from engine.knowledge.links import MAX_ADDRESS, address_of
from engine.knowledge.markup import read
from engine.knowledge.passages import cut

PAGE = "https://help.example.com/faq/refunds"


def blocks(text: str, url: str | None = None) -> list[DocumentBlock]:
    return Document("d", "T", text, "default", "2026-01-05T09:30:00Z", url).view().blocks


def pieces(text: str, url: str | None = None) -> list[tuple[str, str]]:
    """Of the first block, as (text, address or '')."""
    found = blocks(text, url)[0].pieces
    return [(one.text, one.url or "") for one in found] if found else []


def test_a_link_keeps_its_words_and_has_its_address_beside_them() -> None:
    terms = ("our terms", "https://shop.example/terms")
    expected = [("See ", ""), terms, (" first.", "")]

    assert pieces("See [our terms](https://shop.example/terms) first.") == expected
    html = '<p>See <a href=" https://shop.example/terms "><b>our</b> terms</a>\n first.</p>'
    assert pieces(html) == expected
    assert blocks(html)[0].text == "See our terms first."


def test_headings_items_and_the_cells_of_a_row_have_links() -> None:
    link = '<a href="https://x.example">go</a>'
    heading, item, row = blocks(
        f"<h1>Do {link}</h1><ul><li>{link}</li></ul>"
        f"<table><tr><td>One, two</td><td>{link}</td></tr></table>"
    )

    assert msgspec.to_builtins(heading) == {
        "kind": "heading",
        "text": "Do go",
        "level": 1,
        "pieces": [{"text": "Do "}, {"text": "go", "url": "https://x.example"}],
    }
    assert msgspec.to_builtins(item)["pieces"] == [{"text": "go", "url": "https://x.example"}]
    assert msgspec.to_builtins(row)["cell_pieces"] == [
        [{"text": "One, two"}],
        [{"text": "go", "url": "https://x.example"}],
    ]


def test_an_address_that_stands_in_a_text_leads_where_it_says() -> None:
    assert pieces("Look here (https://x.example/a_(b)), or call.\nSoon.") == [
        ("Look here (", ""),
        ("https://x.example/a_(b)", "https://x.example/a_(b)"),
        ("), or call.\nSoon.", ""),
    ]
    assert pieces("<https://x.example/?a=1&b=2>\n\n# Next") == [
        ("https://x.example/?a=1&b=2", "https://x.example/?a=1&b=2")
    ]
    row = blocks("| Where | What |\n|---|---|\n| https://x.example. | that |")[1]
    assert row.cell_pieces
    assert [one.text for one in row.cell_pieces[0]] == [
        "https://x.example",
        ".",
    ]


def test_code_is_copied_and_not_followed() -> None:
    assert blocks("```\ncurl https://x.example\n```") == [
        DocumentBlock("code", "curl https://x.example")
    ]


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("https://x.example/a?b=c#d", "https://x.example/a?b=c#d"),
        ("HTTP://X.example", "HTTP://X.example"),
        ("mailto:help@x.example?subject=Refund", "mailto:help@x.example?subject=Refund"),
        ("tel:+49-30-1234567", "tel:+49-30-1234567"),
        ("/terms", "https://help.example.com/terms"),
        ("fees?of=late", "https://help.example.com/faq/fees?of=late"),
        ("//other.example/a", "https://other.example/a"),
    ],
)
def test_what_may_be_followed(href: str, address: str) -> None:
    assert address_of(href, PAGE) == address


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://x.example",
        "blob:https://x.example/1",
        "https:/\\evil.example",
        "\\\\evil.example",
        "https://bank.example@evil.example/",
        "https://x.example/\u202egpj.exe",
        "https://",
        "http://[broken",
        "mailto:nobody",
        "tel:",
        "#further-down",
        "",
        "https://x.example/" + "a" * MAX_ADDRESS,
    ],
)
def test_what_stays_text(href: str) -> None:
    assert address_of(href, PAGE) == ""


def test_without_an_address_of_the_document_nothing_is_relative_to_it() -> None:
    assert [address_of("/terms", base) for base in (None, "/faq", "http://[broken")] == [""] * 3
    assert pieces("[Terms](/terms)") == []


def test_the_index_holds_no_address_that_no_reader_saw() -> None:
    linked = read("See [the terms](https://zanzibar.example/quux).")
    plain = read("See **the terms**.")

    assert cut("d", "T", linked) == cut("d", "T", plain)


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("ab \n\t\u00a0é."), max_size=6),
            st.sampled_from(["", "https://x.example", "https://y.example", "javascript:x"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_pieces_together_are_the_text(said: list[tuple[str, str]]) -> None:
    html = "".join(f'<a href="{url}">{text}</a>' if url else text for text, url in said)
    for block in blocks(f"<div>{html}</div><p>more</p>"):
        if block.pieces:
            assert "".join(one.text for one in block.pieces) == block.text
            assert all(one.text for one in block.pieces)
