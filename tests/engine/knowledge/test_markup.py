"""Reading Markdown, HTML and plain text into blocks."""

from __future__ import annotations

import pytest

from engine.errors import BadRequest
from engine.knowledge.blocks import Block
from engine.knowledge.markup import PIECE, look_of, read, title_of


def texts(text: str) -> list[str]:
    return [block.text for block in read(text)]


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("<!DOCTYPE html><p>Hi", "html"),
        ("  <!-- made by hand --><html><body>Hi", "html"),
        ("<p>One</p><p>Two</p>", "html"),
        ("<div># not Markdown</div>", "html"),
        ("# Refunds\n\nWe pay back.", "markdown"),
        ("Refunds\n=======\n\nWe pay back.", "markdown"),
        ("Ask for:\n- the name\n- the order", "markdown"),
        ("See [the terms](https://shop.example/terms).", "markdown"),
        ("Press <b>Send</b>.", "markdown"),
        ("<div align=center>logo</div>\n\n# Refunds", "markdown"),
        ("We pay back. 2 * 3 is 6, a_b_c, and 1 < 2.", "plain"),
        ("Enter <username> and press #5.", "plain"),
    ],
)
def test_the_kind_of_a_text_is_told_by_its_look(text: str, look: str) -> None:
    assert look_of(text) == look


def test_markdown_gives_headings_and_paragraphs_without_its_marks() -> None:
    intro = "We **always** pay `back`, see [terms](https://x.example)."
    text = f"# Refunds\n\n{intro}\n\n## When\n- soon\n- later"

    assert [block._replace(said=()) for block in read(text)] == [
        Block(1, "Refunds"),
        Block(0, "We always pay back, see terms."),
        Block(2, "When"),
        Block(0, "soon", "item"),
        Block(0, "later", "item"),
    ]


def test_html_gives_headings_and_paragraphs_without_its_tags() -> None:
    html = (
        "<html><head><title>T</title></head><body><h1>Re<i>funds</i></h1>loose"
        "<p>One<br>two &amp; three</p><ul><li>a<ul><li>b</li></ul></li></ul></body></html>"
    )

    assert read(html) == [
        Block(1, "Refunds"),
        *(Block(0, text) for text in ("loose", "One", "two & three")),
        *(Block(0, text, "item") for text in ("a", "b")),
    ]


def test_a_row_of_a_table_is_one_paragraph_in_both_languages() -> None:
    assert texts("<table><tr><th>Plan</th><td>9 EUR</td></tr></table>") == ["Plan, 9 EUR"]
    assert texts("| Plan | Price |\n|---|---|\n| Small | 9 EUR |") == [
        "Plan, Price",
        "Small, 9 EUR",
    ]


def test_a_row_keeps_its_cells_also_empty_ones_and_those_with_paragraphs() -> None:
    row = "<tr><td><p>Plan</p></td><td></td><td>9<br>EUR</td></tr>"

    assert read(f"<table>{row}</table>") == [
        Block(0, "Plan, 9 EUR", "row", ("Plan", "", "9 EUR")),
    ]


def test_a_table_that_only_lays_out_a_page_is_read_as_the_page() -> None:
    html = "<table><tr><td><h2>Reset</h2><p>One.<p>Two.</td><td>Beside</td></tr></table>"

    assert [(block.kind, block.text) for block in read(html)] == [
        ("text", "Reset"),
        ("text", "One."),
        ("text", "Two."),
        ("text", "Beside"),
    ]


def test_steps_keep_their_numbers_and_what_follows_in_one_is_a_paragraph() -> None:
    html = "<ol start=3><li>Unplug<p>Wait.</p><ul><li>long</li></ul></li><li>Plug</li></ol>"

    assert read(html) == [
        Block(0, "Unplug", "item", (), 3),
        Block(0, "Wait."),
        Block(0, "long", "item"),
        Block(0, "Plug", "item", (), 4),
    ]
    assert [block.number for block in read("1. Unplug\n2. Wait")] == [1, 2]


def test_code_keeps_its_lines() -> None:
    assert read("```\nif on:\n  reset\n```") == [
        Block(0, "if on: reset", "code", ("if on:", "  reset")),
    ]


def test_plain_text_is_cut_at_blank_lines_and_keeps_its_signs() -> None:
    assert texts("Enter <username>\nand 2 * 3.\n \nNext.") == [
        "Enter <username> and 2 * 3.",
        "Next.",
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<p>kept</p><script>secret()</script><style>.secret{}</style><!-- secret -->",
        "<html><head><style>.secret{}</style></head><body>kept<noscript>secret</noscript>",
        "<p>kept</p><template><p>secret</p></template><div hidden>secret</div>",
        "<p>kept</p><svg><text>secret</text></svg><iframe>secret</iframe>",
        "<p>kept</p><SCRIPT type=module>const a = '<p>secret</p>'</SCRIPT >",
        "<p>kept</p><script>never closed: secret",
        "# kept\n\n<script>\nsecret()\n\nsecret()\n</script>",
        "kept <script>secret()</script> **bold**",
        "kept **bold** <!-- secret -->",
        "kept **bold**\n\n<style>\n.secret {}\n</style>",
    ],
)
def test_scripts_styles_comments_and_hidden_parts_never_reach_the_text(html: str) -> None:
    text = " ".join(texts(html))

    assert "kept" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "furniture",
    [
        "<nav>Home | Intranet</nav>",
        "<div role=navigation><ul><li>Home</ul></div>",
        "<header>ACME</header>",
        "<footer>Imprint</footer>",
        "<aside>See also</aside>",
        "<form><input value=Find><button>Find</button><select><option>All</select></form>",
        "<div hidden><nav>Home</nav><p hidden>Imprint</p></div>",
    ],
)
def test_the_furniture_of_a_page_is_left_out(furniture: str) -> None:
    assert texts(f"<html><body>{furniture}<p>Hold reset.</p>{furniture}") == ["Hold reset."]


def test_furniture_is_read_where_there_is_nothing_else() -> None:
    assert texts("<html><nav>Home</nav><aside>Hold reset.</aside>") == ["Home", "Hold reset."]


def test_what_only_looks_like_furniture_stays() -> None:
    html = (
        "<html><header><nav>Home</nav><h1>Gizmo</h1></header><main><article>"
        "<header>By support</header><h2><button>How do I reset?</button></h2><p>Hold it."
        "<footer>Since 2020</footer></article></main>"
    )

    assert texts(html) == ["Gizmo", "By support", "How do I reset?", "Hold it.", "Since 2020"]
    assert texts("# Gizmo\n\n<aside>Mind the pin.</aside>") == ["Gizmo", "Mind the pin."]


def test_a_script_that_spans_two_pieces_of_markdown_never_reaches_the_text() -> None:
    text = "# kept\n\n<script>\n" + "secret();\n\n" * (PIECE // 8) + "</script>\n\n**kept too**"

    assert texts(text) == ["kept", "kept too"]


def test_a_tag_that_is_none_stays_readable_in_markdown() -> None:
    assert texts("**Enter** <username> now") == ["Enter <username> now"]


def test_a_page_of_scripts_has_no_text() -> None:
    assert read("<html><script>alert('hello')</script></html>") == []
    assert read("<p> &nbsp; </p>") == []
    assert read(" \n -- ** \n") == []


@pytest.mark.parametrize(
    "html",
    ["<div>a" * 80_000, "<b id=x><p>" * 40_000, "<b>" * 500 + "<p>x" * 100_000],
    ids=["divs", "formatting", "formatting in paragraphs"],
)
def test_markup_nested_as_no_page_is_refused_before_it_is_parsed(html: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        read(html)

    assert refusal.value.field == "text"


def test_a_long_page_with_ordinary_nesting_is_read() -> None:
    row = "<tr>" + "<td><span>cell</span></td>" * 5 + "</tr>"
    html = "<html><body><div><div><table>" + row * 3_000 + "</table></div></div></body></html>"

    assert len(read(html)) == 3_000


def test_a_long_markdown_is_read_whole() -> None:
    sections = [f"## Part {number}\n\nText of **part** {number}.\n" for number in range(2_000)]

    blocks = read("\n".join(sections))

    assert [block.text for block in blocks if block.level] == [f"Part {n}" for n in range(2_000)]
    assert len(blocks) == 4_000


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<html><head><title> Late\n fees </title></head><h1>Other</h1>", "Late fees"),
        ("<h2>Late fees</h2><p>Text", "Late fees"),
        ("Intro\n\n# Late *fees*\n\nText", "Late fees"),
        ("No heading here.", ""),
    ],
)
def test_the_title_is_the_pages_title_or_its_first_heading(text: str, title: str) -> None:
    assert title_of(text) == title
