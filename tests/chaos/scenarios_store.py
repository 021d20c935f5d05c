"""What happens to the store and on the way to it."""

from __future__ import annotations

from tests.chaos.stage import Scenario, Setting, Stage

AWAY_S = 2.0


def kill_and_restart(stage: Stage) -> None:
    stage.store.kill()
    stage.speak(AWAY_S)
    stage.store.start()
    stage.healed()


def cut(stage: Stage) -> None:
    """Ten times: whatever was under way may have taken effect."""
    assert stage.store_link is not None
    for _ in range(10):
        stage.store_link.cut()
        stage.speak(0.3)
    stage.healed()


def refuse(stage: Stage) -> None:
    assert stage.store_link is not None
    stage.store_link.refuse()
    stage.speak(AWAY_S)
    stage.store_link.heal()
    stage.healed()


def stall(stage: Stage) -> None:
    """Longer than the nodes wait for an answer, then everything goes on where it stood."""
    assert stage.store_link is not None
    stage.store_link.stall()
    stage.speak(4.0)
    stage.store_link.heal()
    stage.healed()


def half_open(stage: Stage) -> None:
    assert stage.store_link is not None
    stage.store_link.half_open()
    stage.speak(4.0)
    stage.store_link.heal()
    stage.healed()


def swallow_answers(stage: Stage) -> None:
    """Appends take effect and nobody hears of it. Again where none was under way: on a
    machine that stood still."""
    assert stage.store_link is not None
    for number in range(10):
        if number >= 3 and _answers(stage, "uncertain") and _answers(stage, "known"):
            break
        stage.store_link.swallow_answers()
        stage.speak(0.5)
        stage.store_link.heal()
        stage.speak(0.5)
    stage.healed()
    uncertain, known = _answers(stage, "uncertain"), _answers(stage, "known")
    stage.figures["appends uncertain, found in the log"] = f"{uncertain:g}, {known:g}"
    assert uncertain > 0
    assert known > 0


def _answers(stage: Stage, name: str) -> float:
    return sum(node.metric(f'appends_total{{answer="{name}"}}') for node in stage.nodes)


def delay(stage: Stage) -> None:
    assert stage.store_link is not None
    stage.store_link.delay(0.1)
    stage.speak(3.0)
    stage.store_link.heal()
    stage.healed()


BY_LINK = Setting(linked=("store",), settings={"EARSHOT__STORE__ANSWER_TIMEOUT_S": 2})

SCENARIOS = [
    Scenario(
        "kill-store",
        "SIGKILL of Valkey with its append-only file, started again after 2 s",
        kill_and_restart,
        Setting(after_s=4.0),
        fast=True,
    ),
    Scenario("cut-store", "all connections to the store reset, ten times", cut, BY_LINK),
    Scenario(
        "refuse-store",
        "the store cannot be reached for 2 s",
        refuse,
        BY_LINK,
    ),
    Scenario(
        "stall-store",
        "nothing moves between nodes and store for 4 s (answers are waited for 2 s)",
        stall,
        BY_LINK,
    ),
    Scenario(
        "half-open-store",
        "all bytes between nodes and store are swallowed for 4 s, goodbyes too",
        half_open,
        BY_LINK,
    ),
    Scenario(
        "swallow-answers",
        "appends take effect and their answers are swallowed, three times",
        swallow_answers,
        BY_LINK,
        fast=True,
    ),
    Scenario("delay-store", "every byte to and from the store takes 100 ms", delay, BY_LINK),
]
