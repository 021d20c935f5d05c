"""The figures that say how good suggestions are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec import UNSET

from engine.assist.suggest import AssistSettings, Proposal
from engine.assist.view import CallExcerpt
from engine.errors import BadRequest
from engine.measure.corpus import Shelf
from engine.measure.evaluate import evaluate, main
from engine.measure.figures import auc
from engine.wire import SuggestedDocument

Folder = Callable[..., Path]
TALK = {
    "id": "d1",
    "turns": [
        {"speaker": "customer", "text": "where can I park?", "t": 0},
        {"speaker": "agent", "text": "Behind the house."},
        {"speaker": "customer", "text": "thanks", "nbest": ["tanks"]},
        {"speaker": "customer", "text": "and are dogs welcome as pets?"},
    ],
    "queries": [{"turn": 0, "gold": ["parking", "other"]}, {"turn": 3, "gold": ["pets"]}],
    "no_doc": [2],
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    def write(*dialogues: object) -> Path:
        documents = [
            {"id": "parking", "title": "Parking", "text": "Guests park behind the house."},
            {"id": "pets", "title": "Pets", "text": "Dogs are welcome."},
            {"id": "broken", "title": "Broken", "text": "<script></script>"},
        ]
        (tmp_path / "kb.jsonl").write_text("\n".join(map(json.dumps, documents)))
        (tmp_path / "dialogues.jsonl").write_text("\n".join(map(json.dumps, dialogues)))
        return tmp_path

    return write


class Scripted:
    """Answers with what the test wrote for the number of lines heard."""

    def __init__(self, answers: dict[int, list[tuple[str, float]]]) -> None:
        self.answers = answers
        self.settings: AssistSettings | None = None

    def made(self, _library: Shelf, settings: AssistSettings) -> Scripted:
        self.settings = self.settings or settings  # of the judging; calls are played after it
        return self

    def suggest(self, excerpt: CallExcerpt) -> Proposal:
        found = self.answers[len(excerpt.lines)]
        return Proposal(
            tuple(SuggestedDocument(i, i, "", sure, UNSET, UNSET) for i, sure in found),
            "",
            "none",
            sure=max((sure for _, sure in found), default=0.0),
        )


def test_the_figures_count_ranks_and_silence(folder: Folder) -> None:
    scripted = Scripted({1: [("parking", 0.9)], 3: [("x", 0.4)], 4: [("x", 0.3), ("pets", 0.2)]})

    figures = evaluate(folder(TALK), make=scripted.made)

    assert (figures.recall_at_1, figures.recall_at_5, figures.mrr) == (0.5, 1.0, 0.75)
    assert figures.silence_auc == 0.5
    assert (figures.queries, figures.silences) == (2, 1)
    assert (figures.documents, figures.refused) == (2, 1)
    assert (figures.shown_when_due, figures.shown_when_silent) == (0.5, 1.0)
    low, high = figures.recall_at_1_interval
    assert (low, high) == (0.0, 1.0)


def test_ranking_is_judged_on_five_documents_before_the_threshold(folder: Folder) -> None:
    sixth = [(f"x{n}", 0.9) for n in range(5)] + [("parking", 0.8)]
    scripted = Scripted({1: sixth, 3: [], 4: []})

    figures = evaluate(folder(TALK), make=scripted.made)

    assert scripted.settings is not None
    assert (scripted.settings.limit, scripted.settings.threshold) == (5, 0.0)
    assert figures.recall_at_5 == 0.0


def test_the_shipped_suggester_finds_what_is_easy(folder: Folder) -> None:
    steps: list[tuple[str, int, int]] = []

    figures = evaluate(folder(TALK), watch=lambda *step: steps.append(step))

    assert figures.recall_at_1 == 1.0
    assert figures.silence_auc == 1.0
    assert figures.model == ""
    assert steps == [*(("Asking", done, 3) for done in (1, 2, 3)), ("Playing calls", 1, 1)]


def test_a_played_call_counts_what_changes_and_what_the_line_names(folder: Folder) -> None:
    figures = evaluate(folder(TALK))

    assert figures.changes_per_call == 2.0
    assert figures.summary_title_recall == 1.0
    assert (figures.summary_title_right, figures.summary_title_recall_settled) == (1.0, None)
    assert figures.on_screen == 1.0
    assert figures.recall_at_5_settled is None


def test_a_folder_without_silent_turns_has_no_silence_figure(folder: Folder) -> None:
    figures = evaluate(folder(TALK | {"no_doc": []}))

    assert (figures.silence_auc, figures.silence_auc_interval) == (None, None)
    assert figures.shown_when_silent is None


@pytest.mark.parametrize(
    ("dialogue", "message"),
    [
        ({"id": "d"}, "dialogues.jsonl, line 2: `turns` is required"),
        (TALK | {"no_doc": [4]}, "dialogues.jsonl, line 2: a query's turn does not exist"),
        (TALK | {"queries": [{"turn": 0, "gold": "pets"}]}, r"queries\[0\].gold"),
    ],
)
def test_a_dialogue_that_cannot_be_read_is_named(
    folder: Folder, dialogue: object, message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        evaluate(folder(TALK, dialogue))


def test_a_folder_without_a_query_is_refused(folder: Folder) -> None:
    with pytest.raises(BadRequest, match="holds no query"):
        evaluate(folder(TALK | {"queries": []}))


def test_auc_is_the_share_of_pairs_in_order() -> None:
    assert auc(np.array([0.9, 0.5]), np.array([0.1, 0.5, 0.7])) == pytest.approx(4.5 / 6)


def test_the_command_prints_one_json_object(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder(TALK)), "--json"]) == 0

    figures = json.loads(capsys.readouterr().out)
    assert figures["recall_at_1"] == 1.0
    assert {"recall_at_5", "mrr", "silence_auc", "latency_ms_p50", "latency_ms_p95"} <= set(figures)


def test_the_command_says_what_is_wrong_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2

    captured = capsys.readouterr()
    assert "nowhere cannot be read: No such file or directory" in captured.err
    assert captured.out == ""
