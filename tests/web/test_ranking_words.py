"""What the log says when ranking begins."""

from __future__ import annotations

from web.ranking.frames import LOADING, Serving, TenantServed
from web.ranking.process import in_words

SOME = {"default": TenantServed(version=1, documents=2, passages=3, waiting=3)}


def test_a_new_server_without_documents_does_not_sound_like_a_fault() -> None:
    said = in_words(Serving({}, "", LOADING, words_only=False))
    assert said == "by words: a model is loaded with the first documents"


def test_what_ranks_is_said_and_why_there_is_no_model() -> None:
    assert in_words(Serving(SOME, "minilm", "", words_only=False)) == "model=minilm"
    assert (
        in_words(Serving(SOME, "minilm", "it rests", words_only=True)) == "model=minilm: it rests"
    )
    assert in_words(Serving(SOME, "", LOADING, words_only=False)) == f"by words: {LOADING}"
    assert (
        in_words(Serving({}, "", "none is wanted", words_only=True)) == "by words: none is wanted"
    )
