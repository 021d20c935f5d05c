"""What happens to nodes: killed in the middle of a call, asleep past their lease."""

from __future__ import annotations

import signal
import time

from tests.chaos.stage import Scenario, Setting, Stage
from tests.live.server import LiveServer, until

LEASE_S = 2


def kill_a_node(stage: Stage) -> None:
    stage.nodes[0].kill()
    stage.healed()


def kill_them_all(stage: Stage) -> None:
    """Nobody is left who knows anything but the store."""
    for node in stage.nodes:
        node.kill()
    for node in stage.nodes:
        node.launch()
    for node in stage.nodes:
        node.start(launched=True)
    stage.healed()


def restart_one_after_another(stage: Stage) -> None:
    for node in stage.nodes:
        began = time.monotonic()
        assert node.stop() == 0
        took_s = time.monotonic() - began
        node.start()
        stage.speak(0.5)
        stage.figures[f"{node.folder.name} left in"] = f"{took_s:.1f} s"
    stage.healed()


def put_the_leader_to_sleep(stage: Stage) -> None:
    """Longer than its lease; its connections stay open all the while."""
    until(lambda: any(_led(node) for node in stage.nodes))
    leader = max(stage.nodes, key=_led)
    others = [node for node in stage.nodes if node is not leader]

    def taken() -> float:
        return sum(node.metric('leases_total{change="taken_over"}') for node in others)

    before = taken()
    leader.signal(signal.SIGSTOP)
    stage.speak(LEASE_S * 2.5)
    until(lambda: taken() > before, about=lambda: "nobody took over")
    stage.figures["leases taken over while it slept"] = f"{taken() - before:g}"
    leader.signal(signal.SIGCONT)
    stage.healed()


def _led(node: LiveServer) -> float:
    return node.metric("calls_led")


SCENARIOS = [
    Scenario(
        "kill-node",
        "kill -9 of one of two nodes in the middle of calls; its browsers go to the other",
        kill_a_node,
        Setting(),
        fast=True,
    ),
    Scenario(
        "kill-all-nodes",
        "kill -9 of all nodes at once, and a start of all",
        kill_them_all,
        Setting(),
    ),
    Scenario(
        "rolling-restart",
        "SIGTERM of each of three nodes in turn, started again when it has left",
        restart_one_after_another,
        Setting(nodes=3, browsers=12, plain=6),
    ),
    Scenario(
        "sleep-leader",
        "SIGSTOP of the node that leads most calls, for two and a half leases, then SIGCONT",
        put_the_leader_to_sleep,
        Setting(settings={"EARSHOT__ACTORS__LEASE_S": LEASE_S}),
        fast=True,
    ),
]
