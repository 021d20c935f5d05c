"""The faults of the store are what they say."""

from __future__ import annotations

from engine.log import Append, Appended, CallKey, Entry
from tests.simulation.cluster import Cluster

KEY = CallKey("default", "call-1")


def appended(cluster: Cluster, count: int) -> None:
    for seq in range(1, count + 1):
        body = b'{"segment_id":"s%d","epoch":"e1","seq":%d}' % (seq, seq)
        entry = Entry(f"segment:s{seq}", "", "transcription:update", body)
        request = Append(KEY, "e1", seq - 1, (entry,), create=seq == 1)
        assert cluster.store.apply(cluster.nodes[0], [request]) == [Appended(seq)]


def test_a_store_that_comes_back_shorter_has_forgotten_the_last_writes_and_their_keys() -> None:
    cluster = Cluster(1, 2)
    appended(cluster, 5)
    run_id = cluster.store.run_id
    cluster.store.lose_last(KEY, 2)
    cluster.store.restart()
    page = cluster.store.memory.read(KEY, 0, 10)
    assert page is not None
    assert [event.key for event in page.events] == ["segment:s1", "segment:s2", "segment:s3"]
    assert cluster.store.run_id != run_id
    assert cluster.store.written[(KEY, "e1")].top == 5, "what was written is remembered"


def test_what_was_asked_before_a_restart_is_never_answered() -> None:
    cluster = Cluster(1, 2)
    heard: list[str] = []
    store, node = cluster.store, cluster.nodes[0]
    store.ask(node, lambda: 1, lambda _: heard.append("answer"), lambda: heard.append("failed"),
              may_fail=False)  # fmt: skip
    store.restart()
    cluster.wait(1.0)
    assert heard == ["failed"]


def test_a_crashed_node_hears_nothing_and_a_paused_one_hears_it_when_it_wakes() -> None:
    cluster = Cluster(1, 2)
    heard: list[str] = []
    crashed, paused = cluster.nodes
    cluster.pause(paused, 9.0)
    cluster.crash(crashed, 30.0)
    crashed.receive(lambda: heard.append("crashed"))
    paused.receive(lambda: heard.append("paused"))
    cluster.wait(8.0)
    assert heard == []
    cluster.wait(2.0)
    assert heard == ["paused"]
