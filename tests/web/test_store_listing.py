"""A call's place in the lists is owed until it is written, however long the store is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from engine.errors import Unavailable, UnknownCall
from engine.log import CallKey, LogUnavailable
from engine.wire import CallView
from web import store_listing
from web.store_listing import AGAIN_S, Listing

KEY, OTHER = CallKey("acme", "call-1"), CallKey("acme", "call-2")


def view(status: Any = "active", *agents: str, call: CallKey = KEY) -> CallView:
    return CallView(call.call_id, status, 0, "2026-01-05T09:00:00.000Z", list(agents))


class Place:
    """Lists, announcements and link of a store that may be `away`; timers are the test's."""

    def __init__(self) -> None:
        self.away = False
        self.lists: dict[str, CallView] = {}
        self.told: list[tuple[str, bool]] = []
        self.removed = 0
        self.noted: list[str] = []
        self.timers: list[tuple[float, Callable[[], object]]] = []
        self.counts: Counter[str] = Counter()
        store: Any = self
        presence: Any = SimpleNamespace(away=self.noted.append, note=lambda outcome: None)
        self.listing = Listing(store, store, store, presence, self.counts, self._later)

    def _later(self, delay_s: float, what: Any, *arguments: Any) -> None:
        self.timers.append((delay_s, lambda: what(*arguments)))

    def run(self) -> None:
        for _ in range(20):
            gevent.sleep(0)

    def pass_time(self) -> list[float]:
        """Every timer that is set now; how long each was."""
        due, self.timers = self.timers, []
        for _, what in due:
            what()
        self.run()
        return [delay_s for delay_s, _ in due]

    def owe(self, status: Any, *agents: str, given: Any = (), taken: Any = ()) -> None:
        self.listing.owe(KEY, view(status, *agents), given, taken)
        self.run()

    # The index, the standings and the link.

    def put(self, tenant: str, told: CallView, ended: bool) -> None:
        if self.away:
            raise LogUnavailable("away", uncertain=False)
        assert ended is (told.status == "ended")
        self.lists[told.call_id] = told

    def assigned(self, tenant: str, agent_id: str, call_id: str, given: bool) -> None:
        self.told.append((agent_id, given))

    def ask(self, packed: bytes, done: Any, *, changes: bool) -> None:
        self.removed += 1


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.listing.queue.close()


def test_it_is_written_and_agents_are_told(place: Place) -> None:
    place.owe("active", "ann", given=("ann",), taken=("ben",))
    assert place.lists == {"call-1": view("active", "ann")}
    assert place.told == [("ann", True), ("ben", False)]
    place.owe("ended", "ann")
    assert place.lists == {"call-1": view("ended", "ann")}
    assert place.removed == 1
    assert not place.listing.owes


def test_a_store_that_is_away_is_asked_again_until_it_is_there(place: Place) -> None:
    place.away = True
    place.owe("ended")
    pauses = [place.pass_time() for _ in range(4)]
    assert pauses == [[pause_s] for pause_s in (*AGAIN_S, AGAIN_S[-1])]
    assert place.lists == {}
    assert set(place.noted) == {"away"}
    assert place.listing.owes, "a node that leaves waits a moment for it"
    place.away = False
    place.pass_time()
    assert place.lists == {"call-1": view("ended")}
    assert place.timers == []


def test_one_call_that_cannot_be_written_holds_up_no_other(place: Place) -> None:
    place.away = True
    place.owe("active")
    place.away = False
    place.listing.owe(OTHER, view(call=OTHER), (), ())
    place.run()
    assert list(place.lists) == ["call-2"]


def test_the_newest_is_written_and_everybody_told_once(place: Place) -> None:
    place.away = True
    place.owe("active", "ann", given=("ann",))
    place.owe("active", "ben", given=("ben",), taken=("ann",))
    place.away = False
    while place.timers:
        place.pass_time()
    assert place.lists == {"call-1": view("active", "ben")}
    assert sorted(place.told) == [("ann", False), ("ben", True)]


def test_what_is_late_is_written_as_the_call_is_by_now(place: Place) -> None:
    place.listing.now = lambda call: view("ended", "ben")
    place.away = True
    place.owe("active", "ann", given=("ann",))
    place.away = False
    place.pass_time()
    assert place.lists == {"call-1": view("ended", "ben")}
    assert place.told == [("ann", False)]


@pytest.mark.parametrize(
    ("refusal", "written"), [(UnknownCall("gone"), {}), (Unavailable("no"), {"call-1": view()})]
)
def test_a_call_that_is_gone_is_not_listed_again(
    place: Place, refusal: Exception, written: dict[str, CallView]
) -> None:
    def now(call: CallKey) -> CallView:
        raise refusal

    place.listing.now = now
    place.away = True
    place.owe("active")
    place.away = False
    place.pass_time()
    assert place.lists == written


def test_what_is_owed_is_bounded_and_what_is_lost_counted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_listing, "MOST_OWED", 1)
    place.away = True
    place.owe("active")
    place.listing.owe(OTHER, view(call=OTHER), (), ())
    place.run()
    assert place.counts["listings_lost"] == 1
    place.away = False
    place.pass_time()
    assert list(place.lists) == ["call-1"]
