"""The replay of votes: what it measures, on a bank that asks two things."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.assist import ranking
from engine.assist.suggest import AssistSettings, CallSuggester
from engine.assist.view import CallExcerpt
from engine.errors import BadRequest
from engine.knowledge.minilm import MiniLm
from engine.knowledge.votes import Vote
from engine.measure import learning
from engine.measure.corpus import TENANT
from engine.measure.kept import Kept
from engine.measure.learning import learn, main
from engine.measure.plot import Line, plot
from engine.measure.questions import read_questions

# Another document is nearer to what customers say of the first: only votes can tell.
TOPICS = {
    "card_arrival_date": "Is the arrival of my card {} soon?",
    "change_pin": "How do I change the pin of card {}?",
}
NEARER = "Hello,card_arrival"


def nobody(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def model() -> MiniLm:
    found = MiniLm.installed()
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where vectors are kept
    monkeypatch.setattr(learning, "STEPS", (0, 40))
    rows = [
        f"{words.format(number)},{topic}" for number in range(12) for topic, words in TOPICS.items()
    ]
    (tmp_path / "queries.csv").write_text("\n".join(["text,category", NEARER, *rows]))
    return tmp_path


def test_right_votes_teach_and_a_replay_from_a_seed_is_the_same_each_time(
    folder: Path, model: MiniLm
) -> None:
    shelf, questions = read_questions(folder, model, nobody)

    found = learn(shelf, questions, model, nobody, seeds=2)

    assert (found.queries, found.judged, found.documents, found.seeds) == (25, 12, 3, 2)
    none_wrong, some_wrong, contrary = found.curves
    assert [point.votes for point in none_wrong.points] == [0, 40]
    assert none_wrong.points[0].gain == 0.0
    assert none_wrong.points[1].recall_at_1 > 0.9
    assert none_wrong.points[1].gain_worst > 0
    assert some_wrong.points[1].gain <= none_wrong.points[1].gain
    assert (contrary.contrary, contrary.wrong) == (6, 0.3)
    assert contrary.points[1].gain <= none_wrong.points[1].gain
    assert learn(shelf, questions, model, nobody, seeds=2) == found


def test_a_replay_is_shown_what_the_shipped_suggester_shows(folder: Path, model: MiniLm) -> None:
    shelf, questions = read_questions(folder, model, nobody)
    bench = learning._Bench(shelf, model, Kept())
    shipped = CallSuggester(shelf, AssistSettings(), model, bench.votes)
    cast = learning._cast(bench.shown, questions, lambda _agent: False)
    for number in range(30):
        asked = CallExcerpt(TENANT, questions[number % len(questions)].lines)
        assert bench.shown.suggest(asked) == shipped.suggest(asked)
        bench.votes.add(next(cast))


def test_a_document_that_a_vote_made_a_candidate_is_one_only_where_it_has_a_vote(
    folder: Path, model: MiniLm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "CANDIDATES", 1)
    shelf, questions = read_questions(folder, model, nobody)
    bench = learning._Bench(shelf, model, Kept())
    asked = CallExcerpt(TENANT, questions[1].lines)
    found = bench.ranked.suggest(asked)
    assert found.query is not None
    others = {one.id for one in shelf.index(TENANT).documents()} - {found.documents[0].id}
    other = min(others)
    keys = [(other, f"agent-{number}", "c") for number in range(9)]

    for key in keys:
        query = (found.query.model, found.query.vector)
        bench.votes.add(Vote(TENANT, *key, *query, helpful=True, at=0.0))
    shipped = CallSuggester(shelf, AssistSettings(limit=1, threshold=0.0), model, bench.votes)
    assert bench.ranked.suggest(asked) == shipped.suggest(asked)
    for key in keys:
        bench.votes.remove(TENANT, *key)
    assert bench.ranked.suggest(asked) == found


def test_no_call_is_both_voted_in_and_judged(tmp_path: Path) -> None:
    questions = [learning.Question((), frozenset(), f"call-{number // 4}") for number in range(20)]
    for seed in range(5):
        judged, voted = learning._split(questions, seed)
        assert judged
        assert voted
        assert not {one.call for one in judged} & {one.call for one in voted}
        assert len(judged) + len(voted) == 20


def test_one_call_is_too_little(folder: Path, model: MiniLm) -> None:
    (folder / "queries.csv").write_text("text,category\nmy card,lost_card\n")
    shelf, questions = read_questions(folder, model, nobody)
    with pytest.raises(BadRequest, match="two calls"):
        learn(shelf, questions, model, nobody)


@pytest.mark.parametrize("content", [b"question,answer\na,b\n", b"text,category\n\xff,b\n"])
def test_a_table_that_cannot_be_read_is_named(folder: Path, model: MiniLm, content: bytes) -> None:
    (folder / "queries.csv").write_bytes(content)
    with pytest.raises(BadRequest, match=r"queries\.csv is no table of text and category"):
        read_questions(folder, model, nobody)


def test_the_command_prints_one_json_object_and_draws_the_curves(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = folder / "learning.svg"
    assert main([str(folder), "--json", "--seeds", "1", "--plot", str(drawn)]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [curve["wrong"] for curve in found["curves"]] == [0.0, 0.3, 0.3]
    assert {"votes", "gain", "gain_interval", "gain_worst"} <= set(found["curves"][0]["points"][0])
    lines = ElementTree.fromstring(drawn.read_text()).findall(".//{*}polyline")
    assert len(lines) == 6


def test_the_command_says_what_is_wrong_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "nowhere cannot be read" in capsys.readouterr().err


def test_a_plot_holds_what_falls_below_zero() -> None:
    picture = plot("a & b", [Line("falls", "red", [(0, 0.0), (10, -0.03)])])
    texts = [one.text for one in ElementTree.fromstring(picture).findall(".//{*}text")]
    assert {"a & b", "falls", "-0.04", "+0.00", "10"} <= set(texts)
