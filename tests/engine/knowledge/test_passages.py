"""Cutting documents into passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.knowledge.blocks import Block
from engine.knowledge.markup import read
from engine.knowledge.passages import FULL, MOST, REST, cut


def sentence(words: int, name: str = "word") -> str:
    return " ".join([name.capitalize()] + ["word"] * (words - 1)) + "."


def test_a_short_document_is_one_passage() -> None:
    passages = cut("a", "Refunds", read("We pay back.\n\nWithin three days."))

    assert [(p.doc_id, p.headings, p.text) for p in passages] == [
        ("a", (), "We pay back.\nWithin three days.")
    ]


def test_every_heading_begins_a_passage_and_names_its_path() -> None:
    passages = cut(
        "a",
        "Money",
        read("# Money\n\nIntro.\n\n## Refunds\n\nBack.\n\n### When\n\nSoon.\n\n## Fees\n\nNone."),
    )

    assert [(p.headings, p.text) for p in passages] == [
        ((), "Intro."),
        (("Refunds",), "Back."),
        (("Refunds", "When"), "Soon."),
        (("Fees",), "None."),
    ]


def test_a_long_section_is_cut_between_sentences_into_readable_sizes() -> None:
    text = " ".join(sentence(14, f"s{number}") for number in range(60))

    passages = cut("a", "Title", [Block(0, text)])

    sizes = [len(p.text.split()) for p in passages]
    assert all(FULL <= size <= MOST for size in sizes[:-1])
    assert " ".join(p.text for p in passages) == text
    assert all(p.text.endswith(".") for p in passages)


def test_a_short_rest_joins_the_passage_before_it() -> None:
    blocks = [Block(0, sentence(FULL)), Block(0, sentence(REST - 10))]

    assert [len(p.text.split()) for p in cut("a", "Title", blocks)] == [FULL + REST - 10]


def test_a_very_long_sentence_is_cut_between_words() -> None:
    passages = cut("a", "Title", [Block(0, "word " * 1_000)])

    assert all(len(p.text.split()) <= MOST for p in passages)
    assert sum(len(p.text.split()) for p in passages) == 1_000


def test_a_text_without_spaces_is_cut_too() -> None:
    passages = cut("a", "Title", [Block(0, "x" * 100_000)])

    assert max(len(p.text) for p in passages) < 2_000


def test_a_document_of_headings_only_is_one_passage() -> None:
    passages = cut("a", "Title", read("# Opening hours\n\n## Monday to Friday, 9 to 5"))

    assert [p.text for p in passages] == ["Opening hours\nMonday to Friday, 9 to 5"]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 200)).map(
            lambda made: Block(made[0], " ".join(f"w{n}" for n in range(made[1])) + ".")
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_word_of_a_paragraph_is_lost_and_none_is_doubled(blocks: list[Block]) -> None:
    paragraphs = [block.text for block in blocks if not block.level]

    passages = cut("a", "Title", blocks)

    if paragraphs:
        assert " ".join(p.text for p in passages).split() == " ".join(paragraphs).split()
