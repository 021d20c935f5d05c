"""The shipped model in its two forms: as its package has it, and quick, for questions."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from engine.knowledge import minilm
from engine.knowledge.embedding import Embedder
from engine.knowledge.minilm import BATCH_PIECES, MiniLm, QuickMiniLm, Shipped, batches
from engine.knowledge.minilm_quick import Unfamiliar, quick_graph

TEXTS = (
    "my card was stolen",
    "someone took my bank card",
    "my card game was fun",
    "could you tell me if I can bring my dog, and what that costs for three nights in august",
    "no",
)


@pytest.fixture(scope="module")
def whole() -> MiniLm:
    found = MiniLm.installed()
    assert found is not None, "requirements.lock installs the model"
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.fixture(scope="module")
def quick(whole: MiniLm, folder: Path) -> QuickMiniLm:
    found = QuickMiniLm.of(whole, folder)
    assert found is not None, "requirements.lock installs onnx"
    return found


@pytest.fixture(params=["whole", "quick"])
def model(request: pytest.FixtureRequest) -> Embedder:
    found: Embedder = request.getfixturevalue(request.param)
    return found


def test_what_means_the_same_lies_closer_than_what_shares_a_word(model: Embedder) -> None:
    asked, same, other = model.embed(TEXTS[:3])

    assert asked @ same > asked @ other


def test_vectors_have_length_one_and_a_text_without_a_word_has_none(model: Embedder) -> None:
    rows = model.embed(["a word", "", "   "])

    assert rows.shape == (3, model.dimension)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0], abs=1e-5)
    assert model.embed([]).shape == (0, model.dimension)


def test_a_question_that_it_cannot_read_has_no_vector(quick: QuickMiniLm) -> None:
    rows = quick.embed(["ลืมรหัสผ่าน", "我忘记了密码", "wo ist meine Rechnung", "refund ☃ please"])

    assert [bool(row.any()) for row in rows] == [False, False, True, True]


def test_a_row_depends_on_its_text_alone(model: Embedder) -> None:
    texts = ["short", "a somewhat longer text about nothing at all", "mid length text"] * 9

    together = model.embed(texts)

    for text, row in list(zip(texts, together, strict=True))[:3]:
        assert model.embed([text])[0] == pytest.approx(row, abs=1e-5)


def test_a_text_is_read_up_to_the_models_limit(model: Embedder) -> None:
    long = "word " * 300

    assert model.embed([long])[0] == pytest.approx(model.embed([long + "fish"])[0], abs=1e-6)


def test_a_question_compares_with_documents(whole: MiniLm, quick: QuickMiniLm) -> None:
    assert quick.model == whole.model
    assert ((quick.embed(TEXTS) * whole.embed(TEXTS)).sum(axis=1) > 0.97).all()


def test_the_model_for_documents_goes_when_it_is_not_needed_and_comes_back(whole: MiniLm) -> None:
    before = whole.embed(TEXTS)

    whole.release()
    whole.release()

    assert whole.embed(TEXTS) == pytest.approx(before)


def test_the_quick_form_is_made_once(
    whole: MiniLm, quick: QuickMiniLm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "quick_graph", None)

    again = QuickMiniLm.of(whole, folder)

    assert again is not None
    assert again.embed(TEXTS) == pytest.approx(quick.embed(TEXTS))
    assert [file.suffix for file in folder.iterdir()] == [".onnx"]


def test_a_kept_form_that_cannot_be_read_is_made_anew(
    whole: MiniLm, quick: QuickMiniLm, tmp_path: Path
) -> None:
    QuickMiniLm.of(whole, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:10_000])

    again = QuickMiniLm.of(whole, tmp_path)

    assert again is not None
    assert again.embed(TEXTS) == pytest.approx(quick.embed(TEXTS))
    assert kept.stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    whole: MiniLm, quick: QuickMiniLm, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")

    found = QuickMiniLm.of(whole, tmp_path / "file" / "model")

    assert found is not None
    assert found.embed(TEXTS) == pytest.approx(quick.embed(TEXTS))
    assert "embedding.graph_not_kept" in caplog.text


def test_without_the_package_that_writes_graphs_questions_take_the_whole_model(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(_file: Path) -> bytes:
        raise ImportError("No module named 'onnx'")

    monkeypatch.setattr(minilm, "quick_graph", missing)

    with caplog.at_level(logging.WARNING):
        found = Shipped.installed()

    assert found is not None
    assert found.questions is found.documents
    assert "embedding.questions_slow reason=ImportError" in caplog.text


def test_a_model_that_is_built_otherwise_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    graph = helper.make_graph(
        [helper.make_node("Identity", ["a"], ["b"])],
        "other",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])],
    )
    save(helper.make_model(graph), str(tmp_path / "other.onnx"))

    with pytest.raises(Unfamiliar, match=r"other\.onnx: KeyError"):
        quick_graph(tmp_path / "other.onnx")


def test_batches_are_alike_in_size_and_bounded() -> None:
    sizes = [3, 250, 4, 256, 5, *[200] * 40]

    found = list(batches(sizes))

    assert sorted(place for batch in found for place in batch) == list(range(len(sizes)))
    for batch in found:
        assert len(batch) * max(sizes[place] for place in batch) <= BATCH_PIECES
    assert found[0] == [0, 2]
    assert found[1] == [4]


def test_without_its_packages_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)

    assert MiniLm.installed() is None
    assert Shipped.installed() is None
