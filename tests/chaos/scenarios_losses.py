"""The store comes back with less than it had: all gone, the end of its file, what a replica
had not heard.

Each first asserts, at the store itself and before any node reaches it again, that entries which
were answered are gone.
"""

from __future__ import annotations

import contextlib

import redis

from tests.chaos.judge import SNAPSHOT_FINALS
from tests.chaos.link import linked
from tests.chaos.stage import Scenario, Setting, Stage
from tests.chaos.stores import ScenarioStore
from tests.live.server import until

UNHEARD_S = 1.0  # that a replica hears nothing before it is made the primary
LONGER = 400  # than the ring of 256
CUT = 0.3  # of the append-only file


def lose_everything(stage: Stage) -> None:
    link = stage.store_link
    assert link is not None
    link.refuse()
    answered = stage.answered()
    stage.store.kill()
    stage.store.start()
    assert stage.store.order("DBSIZE") == 0, "something is left"
    stage.figures["answered and gone"] = f"{sum(answered.values())} events, all"
    link.heal()
    stage.healed()


def lose_more_than_nodes_hold(stage: Stage) -> None:
    """A node holds the last 256 events of a call and the fold of all: the log begins anew
    behind what is in the fold only."""
    stage.say_many(LONGER)
    stage.speak(0.5)
    lose_everything(stage)
    firsts = sorted(until(stage.first_seqs))
    stage.figures["the new logs begin with"] = f"event {firsts[0]} and later"
    assert firsts[0] > 1
    for call_id in stage.call_ids:
        shown = stage.answering.caller("reader", "supervisor").get(f"/v1/calls/{call_id}")
        assert len(shown["segments"]) == SNAPSHOT_FINALS


def lose_the_end_of_the_file(stage: Stage) -> None:
    link = stage.store_link
    assert link is not None
    link.refuse()
    stage.store.kill()
    lost = stage.store.cut_log(CUT)
    stage.store.start()
    assert_gone(stage, stage.store, f"{lost:,} bytes of the file cut off")
    link.heal()
    stage.healed()


def fail_over_to_a_replica_that_heard_nothing(stage: Stage) -> None:
    link, primary = stage.store_link, stage.store
    assert link is not None
    to_primary = stage.enter(linked(primary.port))
    replica = ScenarioStore(
        stage.folder / "replica",
        options=("--replicaof", "127.0.0.1", str(to_primary.port), *QUICK),
    )
    stage.enter(contextlib.closing(replica))
    until(lambda: _follows(replica))
    stage.speak(1.0)
    to_primary.half_open()
    stage.speak(UNHEARD_S)
    link.refuse()
    primary.kill()
    replica.order("REPLICAOF", "NO", "ONE")
    assert_gone(stage, replica, f"what was written in the last {UNHEARD_S:g} s before the failover")
    link.move(replica.port)
    link.heal()
    stage.healed()


def assert_gone(stage: Stage, store: ScenarioStore, why: str) -> None:
    """The store's logs end before what producers were answered."""
    left = store.tops(stage.call_ids)
    gone = sum(max(0, answered - left[one]) for one, answered in stage.answered().items())
    assert gone > 0, "nothing was lost: the scenario shows nothing"
    stage.figures["answered and gone"] = f"{gone} events: {why}"


def _follows(replica: ScenarioStore) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(replica.order("INFO", "replication")["master_link_status"] == "up")
    return False


QUICK = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
BY_LINK = {
    "linked": ("store",),
    "after_s": 4.0,
    "settings": {"EARSHOT__STORE__ANSWER_TIMEOUT_S": 2},
}

SCENARIOS = [
    Scenario(
        "forget-store",
        "SIGKILL of a Valkey that keeps no file: all is gone, and only nodes hold it",
        lose_everything,
        Setting(append_only=False, **BY_LINK),
        fast=True,
    ),
    Scenario(
        "forget-long",
        "SIGKILL of a Valkey that keeps no file, with 400 events a call: more than nodes hold",
        lose_more_than_nodes_hold,
        Setting(append_only=False, **BY_LINK),
    ),
    Scenario(
        "cut-file",
        "SIGKILL of Valkey, and the last 30 % of its append-only file are lost",
        lose_the_end_of_the_file,
        Setting(**BY_LINK),
    ),
    Scenario(
        "failover-loses",
        "a replica that heard nothing for 1 s becomes the primary, at the same address",
        fail_over_to_a_replica_that_heard_nothing,
        Setting(**BY_LINK),
    ),
]
