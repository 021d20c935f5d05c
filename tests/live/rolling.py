"""Nodes that leave, die and come back under load, and what it came to.

Owns the load (producers that send again until they are answered, followers with a cursor) and
the count at its end, against the log. What happens to the nodes meanwhile is the caller's; here
is one such thing, a restart of one after the other.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent
import requests

from tests.live.followers import Follower, PollingLine, Ports, WebSocketLine
from tests.live.server import Caller, LiveServer, line, new_id, until

PACE_S = 0.05
LINES = 6  # of each producer between two things that happen to nodes
SETTLE_S = 60.0


@dataclass
class Outcome:
    """`appended`: events of the logs. `delivered`: applied by followers, of as many as
    `expected`. Times in seconds, from the end of a connection to being subscribed again."""

    appended: int = 0
    expected: int = 0
    delivered: int = 0
    lost: int = 0
    repeated: int = 0
    out_of_order: int = 0
    reset: int = 0
    resent: int = 0  # by producers that were not answered
    unlogged: int = 0  # answered `appended`, and not in the log
    away_s: list[float] = field(default_factory=list)
    producers: list[Producer] = field(default_factory=list, repr=False)

    def go_on(self, seconds: float) -> None:
        """The load goes on, so long and until each producer has been answered LINES times more:
        what happens next must find it under way."""
        enough = {one: len(one.answered) + LINES for one in self.producers}
        gevent.sleep(seconds)
        until(lambda: all(len(one.answered) >= most for one, most in enough.items()), SETTLE_S)

    @property
    def faultless(self) -> bool:
        faults = (self.lost, self.repeated, self.out_of_order, self.reset, self.unlogged)
        return not any(faults) and self.delivered == self.expected

    def __str__(self) -> str:
        ordered = sorted(self.away_s) or [0.0]
        return (
            f"appended {self.appended}, delivered {self.delivered} of {self.expected}, lost"
            f" {self.lost}, repeated {self.repeated}, out of order {self.out_of_order}, reset"
            f" {self.reset}, unlogged {self.unlogged}, resent {self.resent}, came back"
            f" {len(self.away_s)} times: p50 {statistics.median(ordered):.2f} s, p99"
            f" {ordered[int(0.99 * (len(ordered) - 1))]:.2f} s"
        )


class Producer:
    """One recogniser of one call: each segment is sent until it is answered."""

    def __init__(self, urls: Callable[[], Sequence[str]], call_id: str, token: str) -> None:
        self._urls, self.call_id, self._token = urls, call_id, token
        self.answered: dict[str, int] = {}
        self.resent = 0
        self._stopping = False
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """What was begun is finished."""
        self._stopping = True
        self._greenlet.join(SETTLE_S)
        self._greenlet.get(block=False)

    def _run(self) -> None:
        number = 0
        while not self._stopping:
            number += 1
            segment = line(f"s{number}", f"sentence {number}", speaker="agent")
            while not self._say(number, segment):
                self.resent += 1
                gevent.sleep(PACE_S)
            gevent.sleep(PACE_S)

    def _say(self, attempt: int, segment: dict[str, Any]) -> bool:
        urls = self._urls()
        url = urls[(attempt + self.resent) % len(urls)]
        with Caller(url, self._token) as caller:
            try:
                result = caller.say(self.call_id, segment)[0]
            except (requests.RequestException, AssertionError):
                return False
        self.answered[result["segment_id"]] = result["seq"]
        return True


@contextlib.contextmanager
def load(
    server: LiveServer,
    urls: Callable[[], Sequence[str]],
    ports: Ports,
    *,
    calls: int = 2,
    followers: int = 12,
) -> Iterator[Outcome]:
    """Calls that are written to and followed, half of the followers by polling; the outcome is
    there afterwards. `server` answers for the logs then."""
    agent_id, outcome = new_id("agent"), Outcome()
    call_ids = [server.caller().create(agent_id) for _ in range(calls)]
    token, speaker = server.token(agent_id), server.token("producer-1", "producer")
    lines = (WebSocketLine, PollingLine)
    with contextlib.ExitStack() as ending:
        made = []
        for number in range(followers):
            kind = lines[number // calls % 2]
            made.append(Follower(ports, token, call_ids[number % calls], kind))
            ending.callback(made[-1].close)
        until(lambda: all(one.live for one in made), SETTLE_S, lambda: _failures(made))
        outcome.producers += [Producer(urls, call_id, speaker) for call_id in call_ids]
        try:
            yield outcome
        finally:
            for producer in outcome.producers:
                producer.stop()
        logs = {call_id: server.caller().log(call_id) for call_id in call_ids}
        tops = {call_id: log[-1]["data"]["seq"] for call_id, log in logs.items()}
        with contextlib.suppress(AssertionError):  # then the count says what is missing
            until(lambda: all(one.seq >= tops[one._call_id] for one in made), SETTLE_S)
        _count(outcome, logs, made)


def _failures(followers: list[Follower]) -> str:
    return "; ".join(sorted({text for one in followers for text in one.failures}))


def _count(
    outcome: Outcome,
    logs: dict[str, list[dict[str, Any]]],
    followers: list[Follower],
) -> None:
    outcome.appended = sum(map(len, logs.values()))
    for producer in outcome.producers:
        seqs = {
            event["data"]["segment_id"]: event["data"]["seq"]
            for event in logs[producer.call_id]
            if event["event"] == "transcription:update"
        }
        outcome.resent += producer.resent
        outcome.unlogged += sum(seqs.get(one) != seq for one, seq in producer.answered.items())
    for follower in followers:
        top = logs[follower._call_id][-1]["data"]["seq"]
        wanted = set(range(follower.began_at + 1, top + 1))
        outcome.expected += len(wanted)
        outcome.delivered += len(follower.applied)
        outcome.lost += len(wanted - set(follower.applied))
        outcome.repeated += follower.repeated
        outcome.out_of_order += follower.out_of_order
        outcome.reset += follower.reset
        outcome.away_s += follower.away_s


def rolling_restart(
    nodes: Sequence[LiveServer], *, rounds: int = 1, pause_s: float = 1.0, **options: Any
) -> Outcome:
    """Each node leaves by SIGTERM and comes back, one after the other, while calls go on.
    Followers and producers know all addresses and try any."""

    def urls() -> list[str]:
        return [node.url for node in nodes]

    with load(nodes[0], urls, lambda: [n.port for n in nodes], **options) as outcome:
        for _ in range(rounds):
            for node in nodes:
                outcome.go_on(pause_s)
                assert node.stop() == 0, node.log
                node.start()
        outcome.go_on(pause_s)
    return outcome
