"""The shipped model, and how texts are put into batches for it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.knowledge import embedding
from engine.knowledge.embedding import BATCH_PIECES, MiniLm, batches


@pytest.fixture(scope="module")
def model() -> MiniLm:
    found = MiniLm.installed()
    assert found is not None, "requirements.lock installs the model"
    return found


def test_what_means_the_same_lies_closer_than_what_shares_a_word(model: MiniLm) -> None:
    asked, same, other = model.embed(
        ["my card was stolen", "someone took my bank card", "my card game was fun"]
    )

    assert asked @ same > asked @ other


def test_vectors_have_length_one_and_a_text_without_a_word_has_none(model: MiniLm) -> None:
    rows = model.embed(["a word", "", "   "])

    assert rows.shape == (3, model.dimension)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0], abs=1e-5)
    assert model.embed([]).shape == (0, model.dimension)


def test_a_row_depends_on_its_text_alone(model: MiniLm) -> None:
    texts = ["short", "a somewhat longer text about nothing at all", "mid length text"] * 9

    together = model.embed(texts)

    for text, row in list(zip(texts, together, strict=True))[:3]:
        assert model.embed([text])[0] == pytest.approx(row, abs=1e-5)


def test_a_text_is_read_up_to_the_models_limit(model: MiniLm) -> None:
    long = "word " * 300

    assert model.embed([long])[0] == pytest.approx(model.embed([long + "fish"])[0], abs=1e-6)


def test_batches_are_alike_in_size_and_bounded() -> None:
    sizes = [3, 250, 4, 256, 5, *[200] * 40]

    found = list(batches(sizes))

    assert sorted(place for batch in found for place in batch) == list(range(len(sizes)))
    for batch in found:
        assert len(batch) * max(sizes[place] for place in batch) <= BATCH_PIECES
    assert found[0] == [0, 2]
    assert found[1] == [4]


def test_without_its_packages_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)

    assert MiniLm.installed() is None
