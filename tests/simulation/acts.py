"""What may happen in a run, one function for each kind of act.

Owns the table of kinds with their weights. `salt` is the act's own chance, fixed by the
schedule, so that an act means the same when others before it are taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from engine.log import CallKey
from tests.simulation.browsers import Browser
from tests.simulation.cluster import Cluster
from tests.simulation.plain_browser import PlainBrowser

AGENTS = ("ann", "bob")
MOST_BROWSERS = 6


def _call(cluster: Cluster, salt: int) -> CallKey:
    return cluster.calls[salt // 7 % len(cluster.calls)]


def _of(things: list[Any], salt: int) -> Any:
    return things[salt // 11 % len(things)] if things else None


def go(cluster: Cluster, salt: int) -> None:
    cluster.go(5 + salt % 40)


def wait(cluster: Cluster, salt: int) -> None:
    cluster.wait((0.02, 0.1, 0.3, 1.0, 3.0)[salt % 5])


def wait_long(cluster: Cluster, salt: int) -> None:
    cluster.wait((6.0, 9.0, 14.0)[salt % 3])


def say(cluster: Cluster, salt: int) -> None:
    speaker = "customer" if salt % 3 else "agent"
    cluster.producer.say(_call(cluster, salt), speaker, (1, 1, 1, 3)[salt % 4])


def burst(cluster: Cluster, salt: int) -> None:
    """More than a small mailbox holds."""
    for place in range(6 + salt % 8):
        cluster.producer.say(_call(cluster, salt), "agent", 1 + place % 2)


def say_again(cluster: Cluster, salt: int) -> None:
    cluster.producer.say_again(salt, revised=False)


def revise(cluster: Cluster, salt: int) -> None:
    cluster.producer.say_again(salt, revised=True)


def contradict(cluster: Cluster, salt: int) -> None:
    """The same segment with two texts at once, maybe to two nodes."""
    cluster.producer.say(_call(cluster, salt), "agent", 1)
    cluster.producer.say_again(-1, revised=True)


def say_interim(cluster: Cluster, salt: int) -> None:
    cluster.producer.say_interim(_call(cluster, salt), salt)


def change(cluster: Cluster, salt: int) -> None:
    cluster.producer.change(_call(cluster, salt), ("on_hold", "active", "created")[salt % 3])


def judge(cluster: Cluster, salt: int) -> None:
    """Somebody who sees documents says what they are worth; where nobody does yet, the
    customer says something first."""
    call = _call(cluster, salt)
    seeing = [
        browser
        for browser in cluster.browsers
        if browser.documents.get(call) and not isinstance(browser, PlainBrowser)
    ]
    if seeing:
        browser = _of(seeing, salt)
        seen = browser.documents[call]
        browser.outbox.add(call, seen[salt % len(seen)], salt % 2 == 0)
    else:
        cluster.producer.say(call, "customer", 1)
        cluster.wait(1.0)


def judge_again(cluster: Cluster, salt: int) -> None:
    judging = [browser for browser in cluster.browsers if browser.outbox.acked]
    if judging:
        _of(judging, salt).outbox.again()


def join(cluster: Cluster, salt: int) -> None:
    if len(cluster.browsers) >= MOST_BROWSERS:
        return
    agent_id, calls = AGENTS[salt % 2], cluster.calls[: 1 + salt // 2 % 2]
    browser: Browser
    if salt % 3 == 0:
        browser = PlainBrowser(cluster, agent_id, calls)
    else:
        browser = Browser(cluster, agent_id, calls, cluster.next_name("tab-"))
    cluster.browsers.append(browser)
    browser.connect()


def look_away(cluster: Cluster, salt: int) -> None:
    browser = _of(cluster.browsers, salt)
    if browser is not None:
        browser.unsubscribe(_of(list(browser.wishes), salt), (0.0, 0.02, 2.0)[salt % 3])


def flicker(cluster: Cluster, salt: int) -> None:
    """Away and back faster than anybody answers, while somebody talks."""
    browser = _of(cluster.browsers, salt)
    if browser is not None:
        call = _of(list(browser.wishes), salt)
        for place in range(3):
            cluster.producer.say(call, "agent", 1)
            browser.unsubscribe(call, 0.0)
            cluster.go((salt >> place) % 12)


def cut(cluster: Cluster, salt: int) -> None:
    browser = _of(cluster.browsers, salt)
    if browser is not None and browser.line is not None:
        browser.line.cut()


def half_open(cluster: Cluster, salt: int) -> None:
    """The browser is gone; the node learns it when its pings time out."""
    browser = _of(cluster.browsers, salt)
    if browser is not None and browser.line is not None:
        browser.line.cut(noticed_after_s=(2.0, 20.0)[salt % 2])


def stall(cluster: Cluster, salt: int) -> None:
    browser = _of(cluster.browsers, salt)
    if browser is None or browser.line is None:
        return
    line = browser.line
    line.stall(True)
    cluster.time.later((0.2, 3.0, 45.0)[salt % 3], lambda: line.stall(False))


def twin(cluster: Cluster, salt: int) -> None:
    """The same tab once more, as after a reload: the older connection is replaced."""
    old = _of(cluster.browsers, salt)
    if old is None or isinstance(old, PlainBrowser) or len(cluster.browsers) >= MOST_BROWSERS:
        return
    browser = Browser(cluster, old.agent_id, list(old.wishes), old.client_id)
    cluster.browsers.append(browser)
    browser.connect()


def store_away(cluster: Cluster, salt: int) -> None:
    for_s = (0.1, 1.0, 8.0)[salt % 3]
    if not cluster.store.away:
        cluster.note("fault", f"the store is away for {for_s} s")
        cluster.store.go_away(for_s)


def store_restart(cluster: Cluster, salt: int) -> None:
    if not cluster.store.away:
        cluster.note("fault", "the store restarts")
        cluster.store.restart()


def failover(cluster: Cluster, salt: int) -> None:
    """A replica takes over, after a moment in which nobody answers: maybe without the last
    writes."""
    if not cluster.store.away:
        cluster.note("fault", "the store fails over")
        cluster.store.go_away(0.5)
        cluster.store.become_another()
        if salt % 3 == 0:
            for call in cluster.calls:
                cluster.store.lose_last(call, salt // 3 % 3)


def shorter(cluster: Cluster, salt: int) -> None:
    """As store_restart, without the last writes."""
    if not cluster.store.away:
        call = _call(cluster, salt)
        cluster.note("fault", f"the store restarts and has lost the end of {call.call_id}")
        cluster.store.lose_last(call, 1 + salt % 5)
        cluster.store.restart()


def gone(cluster: Cluster, salt: int) -> None:
    """As store_restart, without one call's log, where a node that runs holds the call."""
    call = _call(cluster, salt)
    if not cluster.store.away and cluster.losses.held_by_anybody(call):
        cluster.note("fault", f"the store restarts and has lost {call.call_id}")
        cluster.store.lose_all(call)
        cluster.store.restart()


def crash(cluster: Cluster, salt: int) -> None:
    if cluster.nodes:
        cluster.crash(_of(cluster.nodes, salt), (0.2, 3.0)[salt % 2])


def pause(cluster: Cluster, salt: int) -> None:
    node = _of(cluster.nodes, salt)
    if node is not None and node.runs:
        cluster.pause(node, (0.5, 9.0, 13.0, 20.0)[salt % 4])


def strand(cluster: Cluster, salt: int) -> None:
    """The next leader that writes a suggestion gets no answer and is stopped; it wakes to
    try again when another one leads."""
    cluster.store.stranding = True


def poison(cluster: Cluster, salt: int) -> None:
    """A call's actor fails on one node."""
    node = _of(cluster.nodes, salt)
    if node is None or node.paused:
        return
    ref = node.directory.calls.get(_call(cluster, salt))
    if ref is not None and ref.is_alive():
        cluster.note("fault", f"the call's actor on {node.name} fails")
        cluster.trouble()
        node.poisoned += 1
        node.dispatcher.send(ref, SimpleNamespace())


def poison_agent(cluster: Cluster, salt: int) -> None:
    browser = _of(cluster.browsers, salt)
    line = browser.line if browser is not None else None
    if line is not None and line.node.runs and line.ref.is_alive():
        cluster.note("fault", f"the actor of {browser.name} fails")
        line.node.poisoned += 1
        line.node.dispatcher.send(line.ref, SimpleNamespace())


Do = Callable[[Cluster, int], None]

WEIGHTS: dict[str, tuple[Do, int]] = {
    "go": (go, 10), "wait": (wait, 14), "wait_long": (wait_long, 3),
    "say": (say, 16), "burst": (burst, 2), "say_again": (say_again, 4),
    "revise": (revise, 2), "contradict": (contradict, 1), "say_interim": (say_interim, 3),
    "change": (change, 3),
    "judge": (judge, 5), "judge_again": (judge_again, 2),
    "join": (join, 6), "look_away": (look_away, 3), "flicker": (flicker, 3),
    "cut": (cut, 4), "half_open": (half_open, 2), "stall": (stall, 5), "twin": (twin, 2),
    "store_away": (store_away, 2), "store_restart": (store_restart, 1),
    "failover": (failover, 1), "shorter": (shorter, 2), "gone": (gone, 1),
    "crash": (crash, 2), "pause": (pause, 3), "poison": (poison, 2),
    "poison_agent": (poison_agent, 1), "strand": (strand, 2),
}  # fmt: skip
