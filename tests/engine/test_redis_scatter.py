"""Batches over the primaries of a cluster, by what each of them answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import redis
from redis.exceptions import AskError, MovedError, TryAgainError

from engine.log import LogUnavailable
from engine.redis_pipe import RedisPipe
from engine.redis_scatter import scattered
from engine.redis_slots import slot_of
from engine.redis_words import pack
from engine.store_cluster import REDIRECTIONS, Cluster, ClusterClient
from engine.store_url import Address

A, B = ("a", 1), ("b", 2)
LOW, HIGH = "{low}", "{high}"  # keys in the slots of A and of B
ASKING = pack(("ASKING",))


class Place:
    """Two primaries; `says` has what they answer to a command besides its name, once."""

    def __init__(self) -> None:
        border = max(slot_of(LOW.encode()), slot_of(HIGH.encode()))
        self.low, self.high = (A, B) if slot_of(LOW.encode()) < border else (B, A)
        shards = [[0, border - 1, list(A)], [border, 16383, list(B)]]
        topology = Cluster([A, B], lambda _: shards)
        pools: Any = {A: A, B: B}
        self.client = ClusterClient(topology, lambda one: pools[one], redis.ConnectionPool())  # type: ignore[arg-type]
        self.client.pool_of = pools.__getitem__  # type: ignore[method-assign]
        self.sent: list[tuple[Address, list[bytes]]] = []
        self.says: dict[tuple[Address, str], list[Any]] = {}

    def at(self, pool: Any, commands: Sequence[Any], changes: bool) -> list[Any]:
        packed = [one if isinstance(one, bytes) else pack(one) for one in commands]
        self.sent.append((pool, packed))
        answers = []
        for one in packed:
            name = "LOW" if b"{low}" in one else "HIGH"
            said = self.says.get((pool, name), []) if one != ASKING else []
            answers.append(said.pop(0) if said else f"{name} at {pool[0]}")
        for answer in answers:
            if isinstance(answer, LogUnavailable):
                raise answer
        return answers

    def run(self, *keys: str, changes: bool = True) -> list[Any]:
        return scattered(self.client, self.at, [("GET", key) for key in keys], changes)


def test_each_command_goes_to_its_slots_primary_and_answers_keep_their_order() -> None:
    place = Place()
    answers = place.run(HIGH, LOW, HIGH)
    at = {"LOW": place.low[0], "HIGH": place.high[0]}
    assert answers == [f"{name} at {at[name]}" for name in ("HIGH", "LOW", "HIGH")]
    assert sorted(len(commands) for _, commands in place.sent) == [1, 2], "one trip to each"


def test_what_has_moved_is_sent_on_alone_and_goes_there_at_once_the_next_time() -> None:
    place = Place()
    slot = slot_of(LOW.encode())
    place.says[place.low, "LOW"] = [MovedError(f"{slot} {place.high[0]}:{place.high[1]}")]
    assert place.run(LOW, HIGH)[0] == f"LOW at {place.high[0]}"
    assert len(place.sent) == 3
    assert place.run(LOW) == [f"LOW at {place.high[0]}"]
    assert len(place.sent) == 4


def test_what_is_about_to_move_is_asked_for_there_with_asking_this_once() -> None:
    place = Place()
    slot = slot_of(LOW.encode())
    place.says[place.low, "LOW"] = [AskError(f"{slot} {place.high[0]}:{place.high[1]}")]
    assert place.run(LOW) == [f"LOW at {place.high[0]}"]
    assert place.sent[-1] == (place.high, [ASKING, pack(("GET", LOW))])
    assert place.run(LOW) == [f"LOW at {place.low[0]}"]


def test_keys_on_their_way_are_tried_again_and_not_for_ever() -> None:
    place = Place()
    place.says[place.low, "LOW"] = [TryAgainError("TRYAGAIN")]
    assert place.run(LOW) == [f"LOW at {place.low[0]}"]
    place.says[place.low, "LOW"] = [TryAgainError("TRYAGAIN")] * 2 * REDIRECTIONS
    assert isinstance(place.run(LOW)[0], TryAgainError)


@pytest.mark.parametrize("changes", [True, False])
def test_a_primary_that_fails_fails_the_batch_and_what_others_ran_makes_it_uncertain(
    changes: bool,
) -> None:
    place = Place()
    place.says[place.high, "HIGH"] = [LogUnavailable("gone", uncertain=False)]
    with pytest.raises(LogUnavailable) as caught:
        place.run(LOW, HIGH, changes=changes)
    assert caught.value.uncertain is changes
    place.says[place.high, "HIGH"] = [LogUnavailable("gone", uncertain=False)]
    with pytest.raises(LogUnavailable) as caught:
        place.run(HIGH, changes=changes)
    assert caught.value.uncertain is False


def test_without_any_node_nothing_has_happened() -> None:
    def nobody(_: Address) -> list[Any]:
        raise redis.ConnectionError("away")

    pool: Any = redis.ConnectionPool()
    client = ClusterClient(Cluster([A], nobody), lambda _: pool, pool)
    with pytest.raises(LogUnavailable, match="no node of the cluster") as caught:
        RedisPipe(client, ()).run([("SET", LOW, "x")], changes=True)
    assert caught.value.uncertain is False
