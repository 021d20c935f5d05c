"""Two nodes, one allowance: the figures go over a real store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from engine import store
from engine.allowances import UNLIMITED, Allowances, Spender
from engine.store_embedded import EmbeddedStore
from web.shared_limits import WINDOW_S, SharedLimits

ANN = Spender("default", "ann", "commands")


class Node:
    """A node's limits with the clock in the test's hands; it exchanges when told."""

    def __init__(self, client: redis.Redis) -> None:
        self.now = 1_700_000_000.0
        self.allowances = Allowances({**UNLIMITED, "commands": 10.0})
        self.shared = SharedLimits(client, self.allowances, lambda: self.now, lambda: self.now)

    def take(self, tries: int) -> int:
        return sum(self.allowances.take(ANN, self.now) == 0 for _ in range(tries))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = EmbeddedStore.start(tmp_path_factory.mktemp("limits") / "store")
    yield found.url
    found.stop()


@pytest.fixture
def nodes(url: str) -> Iterator[tuple[Node, Node]]:
    client = store.connect(url, socket_timeout_s=5)
    client.flushall()
    found = Node(client), Node(client)
    yield found
    for node in found:
        node.shared.close()
    client.close()


def second(nodes: tuple[Node, Node], tries: int) -> int:
    """One second in which both try and then compare; how many were let through."""
    through = 0
    for node in nodes:
        node.now += 1
        through += node.take(tries)
    for _ in range(2):
        for node in nodes:
            node.shared.exchange()
    return through


def test_two_nodes_together_let_through_what_one_agent_may(nodes: tuple[Node, Node]) -> None:
    second(nodes, 100)  # both begin with a full bucket
    through = [second(nodes, 100) for _ in range(WINDOW_S - 2)]
    assert sum(through[1:]) <= 10 * len(through[1:]) * 1.3
    assert sum(through[1:]) >= 10 * len(through[1:]) * 0.7


def test_an_agent_on_one_node_has_the_whole_allowance(nodes: tuple[Node, Node]) -> None:
    first, _ = nodes
    for _ in range(4):
        first.now += 1
        first.take(100)
        first.shared.exchange()
    first.now += 1
    assert first.take(100) == 10


def test_counters_do_not_stay_in_the_store(nodes: tuple[Node, Node], url: str) -> None:
    second(nodes, 5)
    client = store.connect(url, socket_timeout_s=5)
    names = client.keys("*used*")
    assert names
    assert all(0 < client.ttl(name) <= 2 * WINDOW_S for name in names)
    client.close()


def test_a_store_that_is_away_leaves_a_node_to_its_own_limit(nodes: tuple[Node, Node]) -> None:
    nobody = redis.Redis(port=1, socket_connect_timeout=0.2)
    alone = Node(nobody)
    try:
        assert alone.take(100) == 20
        with pytest.raises(redis.ConnectionError):
            alone.shared.exchange()
        alone.now += 1
        assert alone.take(100) == 10
    finally:
        alone.shared.close()
