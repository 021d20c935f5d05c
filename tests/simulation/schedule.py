"""A run of a cluster, from a seed or from a part of what the seed drew.

Owns the drawing of acts, the healing after them and the order of judgement. A schedule is a
value: the same schedule runs the same way, so it can be printed, replayed and made smaller.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from actors import messages as m
from engine import wire
from engine.log import CallKey
from tests.simulation import faults, invariants
from tests.simulation.acts import WEIGHTS
from tests.simulation.bounds import small_bounds
from tests.simulation.cluster import Cluster
from tests.simulation.producers import Producer, Reply, Request
from tests.simulation.written import Broken

LENGTHS = (8, 15, 25, 40)
SETTLE_S = 90  # healed for so long, everything must be in order
LOST_FOR_GOOD_S = 15  # a log that nobody has made anew by then is lost
GONE_S = 60  # everybody left for so long, nothing may be left
FAVOURED = 10  # times as often
EMPTIED = 4  # one schedule of so many is looked at after everybody has left


class Act(NamedTuple):
    kind: str
    salt: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.salt}"


class Schedule(NamedTuple):
    seed: int
    nodes: int
    calls: int
    acts: tuple[Act, ...]
    off: frozenset[str] = frozenset()  # kinds of faults that do not happen


class Outcome(NamedTuple):
    """`fault` None: every invariant held."""

    schedule: Schedule
    fault: str | None
    trace: list[str]
    steps: int


def draw(seed: int, off: frozenset[str] = frozenset(), favour: tuple[str, ...] = ()) -> Schedule:
    """What the seed says. Each schedule has a weather of its own: much of one thing, little
    of another. `favour`: kinds of acts that come often."""
    random = Random(seed * 2 + 1)
    kinds = list(WEIGHTS)
    weights = [WEIGHTS[kind][1] * random.choice((0.3, 1, 3)) for kind in kinds]
    for place, kind in enumerate(kinds):
        weights[place] *= FAVOURED if kind in favour else 1
    nodes, calls = random.choice((2, 2, 3, 4)), random.choice((1, 1, 2))
    drawn = random.choices(kinds, weights, k=random.choice(LENGTHS))
    acts = [Act("join", random.getrandbits(16)) for _ in range(2)]
    acts += [Act(kind, random.getrandbits(16)) for kind in drawn]
    return Schedule(seed, nodes, calls, tuple(acts), off)


def run(schedule: Schedule, *, traced: bool = False) -> Outcome:
    with small_bounds():
        cluster = Cluster(schedule.seed, schedule.nodes, schedule.off, traced=traced)
        fault = None
        try:
            _play(cluster, schedule)
        except Exception as found:  # noqa: BLE001 - whatever goes wrong is the finding
            if isinstance(found, Broken) or type(found) is AssertionError:
                fault = str(found)
            else:
                fault = f"{type(found).__name__}: {found}"
            cluster.note("BROKEN", fault)
    return Outcome(schedule, fault, cluster.trace or [], cluster.steps)


def _play(cluster: Cluster, schedule: Schedule) -> None:
    _begin(cluster, schedule.calls)
    for act in schedule.acts:
        if act.kind not in schedule.off:
            cluster.note("act", str(act))
            WEIGHTS[act.kind][0](cluster, act.salt)
            cluster.go(act.salt % 16)
            invariants.at_every_step(cluster)
    _settle(cluster)
    invariants.at_the_end(cluster)
    if schedule.seed % EMPTIED == 0:
        _empty(cluster)
        invariants.nothing_left(cluster)


def _begin(cluster: Cluster, calls: int) -> None:
    """The calls are there before anything goes wrong."""
    cluster.producer = Producer(cluster)
    weather, cluster.weather = cluster.weather, faults.Weather(Random(0), frozenset(faults.RATES))
    for number in range(1, calls + 1):
        call = CallKey("default", f"call-{number}")
        creation = _Creation(cluster, call)
        creation.send()
        cluster.wait(1.0)
        if not creation.done:
            raise Broken(f"{call} could not be created")
        cluster.calls.append(call)
    cluster.weather = weather


class _Creation(Request):
    def build(self, reply: Reply) -> m.Create:
        body = wire.CallCreate(agent_ids=["ann", "bob"], call_id=self.call.call_id)
        return m.Create(body, reply, 1)

    def settled(self, answer: m.Answered) -> bool:
        return answer.error is None


def _settle(cluster: Cluster) -> None:
    """Everything works again; all must be in order soon."""
    cluster.note("settle", "everything is healed")
    cluster.weather.calm()
    cluster.store.stranding = False
    cluster.trouble()
    cluster.store.come_back()
    for node in cluster.nodes:
        cluster.wake(node)
    for browser in cluster.browsers:
        if browser.line is not None:
            browser.line.stall(False)
    cluster.wait(LOST_FOR_GOOD_S)
    _give_up_what_is_lost(cluster)
    _until_in_order(cluster)
    cluster.wait(max(1.0, cluster.half_open_until + 1.0 - cluster.time.now))
    _until_in_order(cluster)  # a node that everybody left may have handed over meanwhile


def _give_up_what_is_lost(cluster: Cluster) -> None:
    """A log that is gone, and nobody lives who held it: nothing is promised of it any more."""
    for call in list(cluster.calls):
        if call not in cluster.store.memory._lives:
            if cluster.losses.held_by_anybody(call):
                raise Broken(f"{call} is gone, although it is held")
            cluster.calls.remove(call)
            for request in cluster.producer.requests:
                request.done = request.done or request.call == call
            for browser in cluster.browsers:
                wish = browser.wishes.pop(call, None)
                if wish is not None:
                    wish.generation += 1
                browser.outbox.waiting = [v for v in browser.outbox.waiting if v.call != call]


def _until_in_order(cluster: Cluster) -> None:
    began = cluster.time.now
    while (missing := invariants.what_is_missing(cluster)) is not None:
        if cluster.time.now - began > SETTLE_S:
            raise Broken(f"{SETTLE_S} s after everything was healed: {missing}")
        cluster.wait(1.0)
        invariants.at_every_step(cluster)


def _empty(cluster: Cluster) -> None:
    cluster.note("settle", "everybody leaves")
    for browser in cluster.browsers:
        browser.leave()
    cluster.wait(GONE_S)
