"""What is known of a cluster, by what its nodes say."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from engine.store_cluster import FRESH_S, Cluster
from engine.store_url import Address

A, B, C = ("a", 1), ("b", 2), ("c", 3)


class Place:
    """Nodes that answer, or do not."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[Address] = []
        self.away: set[Address] = set()
        self.shards: list[tuple[int, int, Address]] = [(0, 8191, A), (8192, 16383, B)]
        self.cluster = Cluster([A, B], self._ask, lambda: self.now)

    def _ask(self, address: Address) -> list[Any]:
        self.asked.append(address)
        if address in self.away:
            raise redis.ConnectionError("away")
        return [[first, last, [host.encode(), port]] for first, last, (host, port) in self.shards]

    def later(self) -> None:
        self.now += 2 * FRESH_S


def test_holders_and_primaries_are_as_a_node_says() -> None:
    place = Place()
    assert place.cluster.holder(0) is None, "nothing was asked yet"
    assert place.cluster.refresh() is True
    assert (place.cluster.holder(8191), place.cluster.holder(8192)) == (A, B)
    assert place.cluster.primaries == (A, B)


def test_a_change_is_told_once_and_what_is_fresh_is_not_asked_again() -> None:
    place = Place()
    place.cluster.refresh()
    place.shards[1] = (8192, 16383, C)
    assert place.cluster.refresh() is False
    assert len(place.asked) == 1
    place.later()
    assert place.cluster.refresh() is True
    place.later()
    assert place.cluster.refresh() is False
    assert place.cluster.primaries == (A, C)


def test_a_redirection_is_believed_at_once_and_makes_the_picture_old() -> None:
    place = Place()
    place.cluster.refresh()
    place.cluster.moved(5, C)
    assert place.cluster.holder(5) == C
    place.shards = [(0, 16383, C)]
    assert place.cluster.refresh() is True


def test_nodes_are_asked_in_turn_and_those_that_are_away_are_passed_over() -> None:
    place = Place()
    place.away = {A}
    place.cluster.refresh()
    assert place.asked == [A, B]
    place.later()
    place.away = {B}
    place.cluster.refresh()
    assert place.asked[2:] == [A], "not the one that was asked last"


def test_servers_that_were_learnt_serve_when_the_named_ones_are_gone() -> None:
    place = Place()
    place.shards[1] = (8192, 16383, C)
    place.cluster.refresh()
    place.later()
    place.away = {A, B}
    assert place.cluster.refresh() is False
    assert place.asked[-1] == C


def test_without_any_node_it_is_said_who_was_asked() -> None:
    place = Place()
    place.away = {A, B}
    with pytest.raises(redis.ConnectionError, match="no node of the cluster answers at a:1, b:2"):
        place.cluster.refresh()


def test_connections_to_any_primary_go_round_when_one_is_doubted() -> None:
    place = Place()
    assert place.cluster.find() == A
    place.cluster.doubt()
    assert place.cluster.find() == B
