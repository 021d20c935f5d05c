"""A scenario's stage: a store, nodes, links between them, producers and browsers.

Owns the order in which all of it is set up and judged. What goes wrong is the scenario's
(scenarios_*.py); what that came to is judge.py's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from tests.chaos.browsers import Browser, closing_all
from tests.chaos.journal import Fact, Journal, facts
from tests.chaos.judge import Verdict, judge
from tests.chaos.link import Link, linked
from tests.chaos.producers import Producer, Spoken
from tests.chaos.stores import ScenarioStore
from tests.live.server import Caller, LiveServer, running, until

CAUGHT_UP_S = 60.0
LINES = 4  # of each call, at least, that are answered before the fault, and as many after it
AGENT = "ann"
T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """How many of what. `linked`: `store` and `clients` go by way of a proxy. `settings`: of
    the nodes, as environment variables."""

    nodes: int = 2
    calls: int = 3
    browsers: int = 8  # with a cursor, over all calls
    plain: int = 4
    pause_s: float = 0.1  # between a producer's sentences
    before_s: float = 1.5  # of speaking before the fault
    after_s: float = 2.0  # and after it
    append_only: bool = True
    store_options: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


class Stage:
    """Everything runs once it is entered: see `staged`."""

    def __init__(self, folder: Path, setting: Setting, stack: ExitStack) -> None:
        self.folder, self.setting = folder, setting
        self.figures: dict[str, str] = {}  # what else a scenario has to say
        self.healed_at = 0.0
        self._stack = stack
        self.store = ScenarioStore(
            folder / "store",
            append_only=setting.append_only,
            options=setting.store_options,
        )
        stack.callback(self.store.close)
        self.store_link: Link | None = None
        url = self.store.url
        if "store" in setting.linked:
            self.store_link = stack.enter_context(linked(self.store.port))
            url = f"redis://127.0.0.1:{self.store_link.port}"
        self.nodes: list[LiveServer] = []
        for number in range(setting.nodes):
            self.nodes.append(self.start_node(folder / f"node-{number}", url))
        self.client_links: list[Link] = []
        if "clients" in setting.linked:
            self.client_links = [stack.enter_context(linked(node.port)) for node in self.nodes]
        self.browsers: list[Browser] = []
        self.producers: list[Producer] = []

    def enter(self, context: AbstractContextManager[T]) -> T:
        """For what a scenario needs beside; it ends with the stage."""
        return self._stack.enter_context(context)

    def start_node(self, folder: Path, url: str) -> LiveServer:
        settings = {"REDIS_URL": url} | self.setting.settings
        return self._stack.enter_context(running(folder, **settings))

    @property
    def ways_in(self) -> list[str]:
        """For browsers."""
        links = self.client_links
        if links:
            return [f"http://127.0.0.1:{link.port}" for link in links]
        return [node.url for node in self.nodes]

    @property
    def answering(self) -> LiveServer:
        """The first node that lives."""
        return next(node for node in self.nodes if node.alive)

    # --- people ---------------------------------------------------------------------------

    def open_calls(self) -> None:
        producer = self.nodes[0].caller()
        self.call_ids = [producer.create(AGENT) for _ in range(self.setting.calls)]
        self.spoken = {call_id: Spoken(call_id) for call_id in self.call_ids}

    def bring_browsers(
        self, count: int, *, plain: bool, eager: bool = False, small: bool = False
    ) -> list[Browser]:
        token = self.nodes[0].token(AGENT)
        made = []
        for _ in range(count):
            number = len(self.browsers)
            name = f"{'plain' if plain else 'cursor'} browser {number}"
            journal = Journal(name, self.call_ids[number % len(self.call_ids)], plain)
            browser = Browser(journal, self.ways_in, number, token, eager=eager, small=small)
            made.append(browser)
            self.browsers.append(made[-1])
        until(lambda: all(browser.subscribed.is_set() for browser in made), CAUGHT_UP_S)
        return made

    def speak(self, seconds: float) -> None:
        """All producers speak, and go on speaking."""
        if not self.producers:
            token = self.nodes[0].token("recogniser", "producer")
            urls = [node.url for node in self.nodes]
            for number, spoken in enumerate(self.spoken.values()):
                producer = Producer(spoken, urls, number, token, self.setting.pause_s)
                self.producers.append(producer)
        time.sleep(seconds)

    def have_spoken(self, since: float = 0.0) -> bool:
        """Enough in each call for everybody to hear of it. The dictionaries are the producers',
        who may be writing in them."""
        return all(
            sum(moment >= since for moment in list(one.at.values())) >= LINES
            for one in self.spoken.values()
        )

    def say_many(self, count: int) -> None:
        """In every call, in batches."""
        caller = self.answering.caller()
        for first in range(0, count, 100):
            for call_id in self.call_ids:
                numbers = range(first, min(count, first + 100))
                said = [
                    {"segment_id": f"m{n}", "speaker": "agent", "text": f"missed {n}"}
                    for n in numbers
                ]
                answered = self.spoken[call_id].answered
                answered |= {one["segment_id"]: one["seq"] for one in caller.say(call_id, *said)}

    def first_seqs(self) -> list[int]:
        """Where the log of each call begins; [] while one of them has none."""
        try:
            logs = self.read_logs()
        except AssertionError:
            return []
        return [log[0].seq for log in logs.values() if log]

    def healed(self) -> None:
        """The fault is over (or was one of a moment): recovery counts from now."""
        self.healed_at = time.monotonic()

    def answered(self) -> dict[str, int]:
        """Of each call, the highest seq that a producer was told."""
        return {one.call_id: max(one.at, default=0) for one in self.spoken.values()}

    # --- the end --------------------------------------------------------------------------

    def conclude(self) -> tuple[Verdict, list[float]]:
        """Everybody falls silent and catches up; the verdict, and how long each browser took
        from the end of the fault to the first event said after it, in ms."""
        for producer in self.producers:
            producer.stop()
        stuck = [producer for producer in self.producers if not producer.join(70)]
        assert not stuck, f"{len(stuck)} producers are without an answer"
        with contextlib.suppress(AssertionError):  # who does not catch up has lost: the judge says
            until(lambda: self._have(self.answered()), CAUGHT_UP_S)
        logs = self.read_logs()
        # A suggestion may have followed the last line, and is on its way to the browsers.
        tops = {call_id: log[-1].seq if log else 0 for call_id, log in logs.items()}
        with contextlib.suppress(AssertionError):
            until(lambda: self._have(tops), CAUGHT_UP_S)
        acknowledged = {one.call_id: one.answered for one in self.spoken.values()}
        journals = [browser.journal for browser in self.browsers]
        return judge(logs, journals, acknowledged), self._recoveries()

    def _have(self, tops: dict[str, int]) -> bool:
        return all(browser.top >= tops[browser.journal.call_id] for browser in self.browsers)

    def read_logs(self) -> dict[str, list[Fact]]:
        node = self.answering
        with Caller(node.url, node.token("reader", "supervisor")) as caller:
            return {call_id: _log(caller, call_id) for call_id in self.call_ids}

    def _recoveries(self) -> list[float]:
        took = []
        for browser in self.browsers:
            at = self.spoken[browser.journal.call_id].at
            said_after = {seq for seq, moment in at.items() if moment >= self.healed_at}
            came = [
                one.at
                for visit in browser.journal.visits
                for one in visit.told
                if one.seq in said_after and one.at >= self.healed_at
            ]
            if came:
                took.append((min(came) - self.healed_at) * 1000)
        return sorted(took)

    def silences_s(self) -> list[float]:
        """Of each browser, the longest time between two events; shortest first."""
        found = []
        for browser in self.browsers:
            moments = [told.at for visit in browser.journal.visits for told in visit.told]
            if len(moments) > 1:
                found.append(max(after - at for at, after in pairwise(moments)))
        return sorted(found)


def _log(caller: Caller, call_id: str) -> list[Fact]:
    log: list[Fact] = []
    after, more = 0, True
    while more:
        page = caller.ask("GET", f"/v1/calls/{call_id}/events?after={after}&limit=500")
        assert page.status_code == 200, page.text
        events, after, more = facts(page.content)
        log += events
    return log


@contextlib.contextmanager
def staged(folder: Path, setting: Setting) -> Iterator[Stage]:
    """Nodes run, calls are open, browsers have joined, producers speak."""
    with ExitStack() as stack:
        stage = Stage(folder, setting, stack)
        stage.open_calls()
        stack.enter_context(closing_all(stage.browsers))
        stage.bring_browsers(setting.browsers, plain=False)
        stage.bring_browsers(setting.plain, plain=True)
        stage.speak(setting.before_s)
        until(stage.have_spoken, CAUGHT_UP_S)
        yield stage


@dataclass(frozen=True)
class Scenario:
    """`run` makes the fault and says when it is `healed`. `fast`: takes a few seconds, so that
    `make test` runs it too."""

    name: str
    what: str
    run: Callable[[Stage], None]
    setting: Setting
    fast: bool = False


@dataclass
class Row:
    """What one scenario came to; `seconds` it took."""

    scenario: Scenario
    verdict: Verdict
    recoveries_ms: list[float]
    browsers: int
    figures: dict[str, str]
    seconds: float
    again: int  # requests that producers sent again


def play(scenario: Scenario, folder: Path) -> Row:
    began = time.monotonic()
    with staged(folder, scenario.setting) as stage:
        stage.healed()  # unless the scenario says otherwise
        scenario.run(stage)
        stage.speak(scenario.setting.after_s)
        until(lambda: stage.have_spoken(stage.healed_at), CAUGHT_UP_S)
        verdict, recoveries_ms = stage.conclude()
        silences_s = stage.silences_s()
        if silences_s:
            stage.figures["longest silence of a browser, p50 and worst"] = (
                f"{silences_s[len(silences_s) // 2]:.1f} s, {silences_s[-1]:.1f} s"
            )
        return Row(
            scenario,
            verdict,
            recoveries_ms,
            len(stage.browsers),
            stage.figures,
            time.monotonic() - began,
            sum(one.again for one in stage.spoken.values()),
        )
