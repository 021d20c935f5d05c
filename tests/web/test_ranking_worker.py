"""The ranking process's own order of things: who waits for whom."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine.assist.asked import Asked
from engine.assist.view import CallExcerpt
from engine.config import Settings
from engine.knowledge.index import Index
from engine.knowledge.report_shapes import KnowledgeReport
from engine.wire import SuggestedDocument
from web.ranking import frames as f
from web.ranking import worker
from web.ranking.brain import Brain
from web.ranking.child import Child

REPORT = KnowledgeReport(0, 0, 0, [], [], [], 0, [])


class HeldBrain:
    """Its reports take as long as the test wants."""

    def __init__(self, begin: f.Begin) -> None:
        self.let_go = threading.Event()

    def suggest(self, excerpt: CallExcerpt) -> Any:
        return ([], "", "none", Asked())

    def report(self, tenant: str) -> KnowledgeReport:
        assert self.let_go.wait(10)
        return REPORT


class NoUpkeep:
    def __init__(self, *_: object) -> None: ...

    def know(self, tenant: str) -> None: ...

    def keep(self) -> None: ...

    def embed(self) -> None: ...


class Place:
    def __init__(self) -> None:
        self.link, theirs = socket.socketpair()
        self.link.settimeout(10)
        self._cutter, self._frames = f.Cutter(), list[bytes]()
        self.worker = worker.Worker(theirs)
        threading.Thread(target=self.worker.run, daemon=True).start()
        self.tell(f.Begin("", "n", Settings()))

    def tell(self, frame: Any) -> None:
        self.link.sendall(f.packed(frame))

    def next(self) -> Any:
        while not self._frames:
            self._frames += self._cutter.feed(self.link.recv(65_536))
        return f.decode_from_ranking(self._frames.pop(0))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(worker, "Brain", HeldBrain)
    monkeypatch.setattr(worker, "Upkeep", NoUpkeep)
    made = Place()
    yield made
    made.link.close()


def test_a_suggestion_does_not_wait_for_a_report(place: Place) -> None:
    for number in range(3):
        place.tell(f.Report(number, "default"))
    place.tell(f.Suggest(9, CallExcerpt("default", ())))
    assert place.next().id == 9
    place.worker._brain.let_go.set()
    assert [place.next().id for _ in range(3)] == [0, 1, 2]


def test_before_any_document_was_read_none_is_gone() -> None:
    """A process that was just started, while the store is away: what is on screens stays."""
    brain = Brain(f.Begin("redis://127.0.0.1:1", "n", Settings()))
    excerpt = CallExcerpt("default", (), shown=(SuggestedDocument("parking", "", "", 0.5),))
    assert brain.suggest(excerpt).gone == ()
    brain.library.serve("default", 1, Index(()))
    assert brain.suggest(excerpt).gone == ("parking",)


def test_who_was_started_ahead_is_told_to_begin_once() -> None:
    ours, theirs = socket.socketpair()
    begin = f.Begin("", "n", Settings())
    with theirs:
        begun = Child(None, ours).begin(begin)
        assert begun.begin(begin) == begun
        ours.close()
        with theirs.makefile("rb") as heard:
            assert heard.read() == f.packed(begin)
