"""Words in the languages of the world: found in another form, in scripts without spaces, in
texts that nobody said the language of."""

from __future__ import annotations

import unicodedata

import pytest

from engine.assist.query import distinct
from engine.knowledge.documents import Document
from engine.knowledge.index import Index
from engine.knowledge.languages import guessed
from engine.knowledge.terms import spoken_terms, terms

GERMAN = "Wir erstatten Ihnen die Rechnungen, wenn die Lieferungen zu spät gekommen sind."


def document(doc_id: str, title: str, text: str, language: str | None = None) -> Document:
    return Document(doc_id, title, text, "default", "2025-01-01T00:00:00.000Z", language=language)


def words(text: str, tag: str | None = None) -> list[str]:
    return [word for word, _ in spoken_terms(text, tag)]


@pytest.mark.parametrize(
    ("tag", "asked", "written"),
    [
        ("de", "meine Rechnung", "Rechnungen"),
        ("fr", "l'abonnement", "Abonnements"),
        ("es", "la tarifa", "tarifas"),
        ("it", "dell'abbonamento", "abbonamenti"),
        ("ar", "فاتورة", "الفاتورة"),
    ],
)
def test_a_word_is_found_in_another_form(tag: str, asked: str, written: str) -> None:
    assert set(terms(asked, tag)) & set(terms(written, tag))


def test_a_letter_and_its_accent_written_apart_are_one_word() -> None:
    apart = unicodedata.normalize("NFD", "Rückerstattungen für Geräte")
    assert len(apart) > len("Rückerstattungen für Geräte")
    assert terms(apart, "de") == terms("Rückerstattungen für Geräte", "de")


def test_a_hyphen_that_nobody_sees_parts_no_word() -> None:
    assert terms("Rück\u00aderstattung", "de") == terms("Rückerstattung", "de")


def test_vowel_signs_stay_in_their_word() -> None:
    assert words("मुझे अपना बिल वापस चाहिए") == ["मुझे", "अपना", "बिल", "वापस", "चाहिए"]


def test_points_of_arabic_and_hebrew_may_be_left_out() -> None:
    assert terms("الفَاتُورَة", "ar") == terms("الفاتورة", "ar")
    assert terms("שָׁלוֹם", "he") == terms("שלום", "he")


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("รหัสผ่าน", "ลืมรหัสผ่านแล้ว"),
        ("비밀번호", "비밀번호를 재설정하세요"),
        ("退款", "我们会退款给您"),
        ("パスワード", "新しいパスワードを設定"),
        ("ពាក្យសម្ងាត់", "កំណត់ពាក្យសម្ងាត់ឡើងវិញ"),
    ],
)
def test_a_word_is_found_in_writing_without_spaces(asked: str, written: str) -> None:
    assert set(terms(asked)) <= set(terms(written))


def test_kana_that_differ_by_their_mark_are_different_words() -> None:
    assert terms("バス") != terms("パス") != terms("ハス")


def test_a_text_says_what_it_is_written_in_by_its_small_words() -> None:
    assert guessed(GERMAN) == "de"
    assert (
        guessed("Nous vous remboursons si la livraison est en retard et que vous le dites.") == "fr"
    )
    assert guessed("We pay you back when a delivery was late and you have told us so.") is None


@pytest.mark.parametrize(
    "text",
    ["", "Hon. L. Gizzi\nHon. C. Gutierrez\nHon. R. Northup", "De De Afghanan La A La Turca"],
)
def test_names_are_no_language(text: str) -> None:
    assert guessed(text) is None


def test_a_document_that_names_no_language_is_found_in_the_one_it_is_written_in() -> None:
    index = Index.build([document("a", "Rückerstattung", GERMAN), document("b", "Wi-Fi", "Keys.")])
    assert index.language_of("a") == "de"
    weights = dict.fromkeys(distinct("verspätete Lieferung", language=index.languages), 1.0)
    assert [hit.doc_id for hit in index.rank(weights, 5)] == ["a"]


def test_a_question_without_a_language_is_read_in_those_of_the_documents() -> None:
    index = Index.build([
        document("a", "Rechnungen", GERMAN, "de-AT"),
        document("b", "Parking", "Guests park for free.", "en"),
        document("c", "Parking cars", "Cars are parked.", "en"),
    ])  # fmt: skip
    assert index.languages == ("en", "de")
    assert Index([]).languages == ("en",)
    assert "rechnung" in distinct("Rechnungen", language=index.languages)
