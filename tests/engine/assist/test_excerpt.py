"""What is shown of a passage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.assist.excerpt import MOST_CHARACTERS, MOST_MATCHES, excerpt, matches, stands_in
from engine.knowledge.passages import Passage
from engine.knowledge.terms import terms


def shown(text: str, *words: str) -> str:
    return excerpt(Passage("a", (), text), dict.fromkeys(words, 1.0), lambda _term: 1.0)


def test_a_short_passage_is_shown_whole() -> None:
    assert shown("We pay back. Within three days.", "day") == "We pay back. Within three days."


def test_of_a_long_passage_the_sentences_with_the_asked_words_are_shown() -> None:
    filler = "This sentence says nothing that anybody has asked about today. " * 6
    text = f"{filler}Refunds take three days. Fees are never paid back. {filler}"

    found = shown(text, "refund", "fee")

    assert "Refunds take three days. Fees are never paid back." in found
    assert len(found) <= MOST_CHARACTERS
    assert found.endswith(".")


def test_a_sentence_longer_than_an_excerpt_is_cut_between_words() -> None:
    found = shown("refund " * 100, "refund")

    assert len(found) <= MOST_CHARACTERS
    assert found.endswith("refund…")


def test_items_of_a_list_are_kept_apart() -> None:
    assert shown("Ask for:\nthe name\nthe order") == "Ask for: the name; the order"


def test_matches_are_the_asked_words_as_they_stand_each_once() -> None:
    text = "Refunds: a refund is refunded, REFUNDS never."

    assert matches(text, {"refund": 1.0}) == ["Refunds", "refund", "refunded"]
    assert matches(text, {}) == []


def test_what_is_said_of_anything_is_no_match_however_rare() -> None:
    text = "Say sorry, look at the refund, then wait."
    asked = dict.fromkeys(["say", "look", "refund"], 1.0)
    rarity = {"say": 5.0, "look": 4.0, "refund": 2.0}.get

    assert matches(text, asked, lambda term: rarity(term, 0.0)) == ["refund"]
    assert matches("Say sorry, then look.", asked) == []


def test_a_word_that_another_language_writes_alike_is_a_match() -> None:
    assert matches("Zimmer mit Blick auf den See", {"see": 1.0}, language="de") == ["See"]


def test_matches_are_bounded() -> None:
    words = {f"word{n}": 1.0 for n in range(100)}

    assert len(matches(" ".join(words), words)) == MOST_MATCHES


@given(st.text(max_size=700), st.sets(st.sampled_from(["a", "b1", "c2"])))
def test_an_excerpt_is_bounded_and_its_words_stand_in_the_passage(
    text: str, words: set[str]
) -> None:
    found = shown(text, *words)

    assert len(found) <= MOST_CHARACTERS
    assert stands_in(found, Passage("a", (), text))
    assert all(match in text for match in matches(found, dict.fromkeys(words, 1.0)))


def test_an_excerpt_of_other_words_does_not_stand_in_a_passage() -> None:
    passage = Passage("a", (), "Fees:\nwithin a week: 5\nlater: 50\nWe pay back. Within days.")

    assert stands_in("Fees: within a week: 5; later: 50; We pay back. Within days.", passage)
    assert not stands_in("Fees: within a week: 5; later: 5", passage)
    assert not stands_in("We pay back within days.", passage)
    assert not stands_in("", passage)
    assert stands_in("", Passage("a", (), ""))


def test_a_word_in_writing_without_spaces_is_marked_as_a_whole() -> None:
    weights = dict.fromkeys(terms("ลืมรหัสผ่าน パスワードを忘れました"), 1.0)

    assert matches("ตั้งรหัสผ่านใหม่", weights) == ["รหัสผ่าน"]
    assert matches("新しいパスワードを設定", weights) == ["パスワードを"]
