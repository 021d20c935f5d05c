"""One fault after another, of every kind, chosen by a seed.

What faults do to one another is found by none of them alone: a node that starts while the store
is away, a browser that comes back to a node that is asleep.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

from tests.chaos.stage import Scenario, Setting, Stage
from tests.live.server import LiveServer

FAULTS = 12
SEED = int(os.environ.get("CHAOS_SEED", "4"))
PAUSE_S = (0.2, 2.0)


def mix(stage: Stage) -> None:
    chance = random.Random(SEED)
    played: list[str] = []
    for _ in range(FAULTS):
        fault = chance.choice(KINDS)
        played.append(fault.__name__.replace("_", " "))
        fault(stage, chance.choice(stage.nodes))
        stage.speak(chance.uniform(*PAUSE_S))
    stage.healed()
    stage.figures[f"seed {SEED}"] = ", ".join(played)


def kill_a_node(stage: Stage, node: LiveServer) -> None:
    node.kill()
    stage.speak(0.5)
    node.start()


def stop_a_node(stage: Stage, node: LiveServer) -> None:
    assert node.stop() == 0
    node.start()


def put_a_node_to_sleep(stage: Stage, node: LiveServer) -> None:
    node.signal(signal.SIGSTOP)
    stage.speak(3.0)
    node.signal(signal.SIGCONT)


def kill_the_store(stage: Stage, node: LiveServer) -> None:
    stage.store.kill()
    stage.speak(0.5)
    stage.store.start()


def start_a_node_without_a_store(stage: Stage, node: LiveServer) -> None:
    stage.store.kill()
    node.kill()
    node.launch()
    stage.speak(0.5)
    stage.store.start()
    node.start(launched=True)


def reset_the_way_to_the_store(stage: Stage, node: LiveServer) -> None:
    assert stage.store_link is not None
    stage.store_link.cut()


def swallow_answers(stage: Stage, node: LiveServer) -> None:
    assert stage.store_link is not None
    stage.store_link.swallow_answers()
    stage.speak(0.3)
    stage.store_link.heal()


def silence_the_store(stage: Stage, node: LiveServer) -> None:
    assert stage.store_link is not None
    stage.store_link.half_open()
    stage.speak(3.0)
    stage.store_link.heal()


def reset_all_browsers(stage: Stage, node: LiveServer) -> None:
    for browser in stage.browsers:
        browser.break_off()


KINDS: list[Callable[[Stage, LiveServer], None]] = [
    *(kill_a_node, stop_a_node, put_a_node_to_sleep),
    *(kill_the_store, start_a_node_without_a_store),
    *(reset_the_way_to_the_store, swallow_answers, silence_the_store),
    reset_all_browsers,
]

SCENARIOS = [
    Scenario(
        "mixture",
        f"{FAULTS} faults of all kinds, one after another, chosen by a seed",
        mix,
        Setting(
            nodes=3,
            browsers=12,
            plain=6,
            after_s=6.0,
            linked=("store",),
            store_options=("--appendfsync", "always"),
            settings={"EARSHOT__STORE__ANSWER_TIMEOUT_S": 2, "EARSHOT__ACTORS__LEASE_S": 2},
        ),
    ),
]
