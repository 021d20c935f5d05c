"""Which primary a call's hints are listened for at, and what happens when slots move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.hints_cluster import ClusterHints
from engine.log import CallKey
from engine.log_redis import keys_of
from engine.redis_slots import slot_of
from engine.store_cluster import Cluster
from engine.store_url import Address

A, B = ("a", 1), ("b", 2)
CALL = CallKey("tenant", "call")
SLOT = slot_of(keys_of(CALL).hint.encode())


class Stream:
    """Writes down what it was asked for."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.followed: list[CallKey] = []
        self.channels: list[str] = []
        self.up, self.dropped, self.nonsense = True, 1, 2
        self.ended = self.closed = False

    def follow(self, call: CallKey) -> None:
        self.followed.append(call)

    def unfollow(self, call: CallKey) -> None:
        self.followed.remove(call)

    def listen(self, channel: str) -> None:
        self.channels.append(channel)

    def close(self) -> None:
        assert self.ended, "its reader ends before"
        self.closed = True


class Place:
    def __init__(self) -> None:
        self.shards: list[Any] = [[0, 16383, list(A)]]
        self.topology = Cluster([A, B], lambda _: self.shards, iter(range(1000)).__next__)
        self.topology.refresh()
        self.streams: list[Stream] = []
        self.hints = ClusterHints(self.topology, self._make)
        self.hints.each(self._begin)

    def _make(self, address: Address) -> Any:
        self.streams.append(Stream(address))
        return self.streams[-1]

    def _begin(self, stream: Any) -> Callable[[], None]:
        def end() -> None:
            stream.ended = True

        return end

    def moved(self, *shards: Any) -> None:
        self.shards = list(shards)
        self.topology.refresh()
        self.hints.reroute()


def test_a_call_is_followed_at_its_slots_primary_and_again_where_the_slot_has_gone() -> None:
    place = Place()
    place.hints.follow(CALL)
    [old] = place.streams
    assert (old.address, old.followed) == (A, [CALL])
    place.moved([SLOT, SLOT, list(B)], [0, SLOT - 1, list(A)])
    new = place.streams[1]
    assert (old.followed, new.address, new.followed) == ([], B, [CALL])
    assert not old.closed, "it has other slots"
    place.hints.unfollow(CALL)
    assert new.followed == []


def test_a_call_that_is_followed_again_after_its_slot_moved_is_followed_once() -> None:
    place = Place()
    place.hints.follow(CALL)
    place.topology.moved(SLOT, B)
    place.hints.follow(CALL)
    assert [stream.followed for stream in place.streams] == [[], [CALL]]


def test_who_is_no_primary_any_more_is_left_and_what_it_counted_stays_counted() -> None:
    place = Place()
    place.hints.follow(CALL)
    place.hints.listen("channel")
    place.moved([0, 16383, list(B)])
    old, new = place.streams
    assert old.closed
    assert (new.followed, new.channels) == ([CALL], ["channel"])
    assert (place.hints.dropped, place.hints.nonsense) == (2, 4)
    place.hints.close()
    assert new.closed


def test_a_slot_that_nobody_holds_is_waited_for() -> None:
    place = Place()
    place.moved([SLOT + 1, 16383, list(A)])
    place.hints.follow(CALL)
    place.hints.unfollow(CALL)
    place.hints.follow(CALL)
    assert place.streams == []
    place.moved([0, 16383, list(A)])
    assert place.streams[0].followed == [CALL]
