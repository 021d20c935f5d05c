"""Hints of a cluster: a shard's channels are heard from its own servers only.

Owns which primary each followed call is listened for at, one stream of hints (hints_redis.py)
to each, and the change of both when slots move. It reads no stream and asks nobody about
slots: whoever looks calls `reroute`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.hints_redis import HintStream
from engine.log import CallKey
from engine.log_redis import keys_of
from engine.redis_slots import slot_of
from engine.store_cluster import Cluster
from engine.store_url import Address

End = Callable[[], None]


class ClusterHints:
    """`follow`, `unfollow` and `listen` never wait. Each stream has a reader of its own, which
    `each` starts and whose end it is told."""

    def __init__(self, topology: Cluster, make: Callable[[Address], HintStream]) -> None:
        self._topology = topology
        self._make = make
        self._begin: Callable[[HintStream], End] | None = None
        self._streams: dict[Address, tuple[HintStream, End]] = {}
        self._calls: dict[CallKey, Address | None] = {}  # None: nobody is known to have its slot
        self._channels: dict[str, Address | None] = {}
        self._gone = (0, 0)  # what ended streams had counted

    def each(self, begin: Callable[[HintStream], End]) -> None:
        """`begin` starts a reader of a stream, now and for those to come; what it returns ends
        the reader."""
        self._begin = begin
        self.reroute()

    def follow(self, call: CallKey) -> None:
        address, before = self._holder(keys_of(call).hint), self._calls.get(call)
        if before != address and before in self._streams:
            self._streams[before][0].unfollow(call)
        self._calls[call] = address
        if address is not None:
            self._stream(address).follow(call)

    def unfollow(self, call: CallKey) -> None:
        address = self._calls.pop(call, None)
        if address in self._streams:
            self._streams[address][0].unfollow(call)

    def listen(self, channel: str) -> None:
        """An ordinary channel, which every server of the cluster hears."""
        address = self._holder(channel)
        self._channels[channel] = address
        if address is not None:
            self._stream(address).listen(channel)

    def unlisten(self, channel: str) -> None:
        address = self._channels.pop(channel, None)
        if address in self._streams:
            self._streams[address][0].unlisten(channel)

    def reroute(self) -> None:
        """Slots may have moved: what is elsewhere now is followed there, and confirmed."""
        if self._begin is None:
            return
        for call, old in list(self._calls.items()):
            new = self._holder(keys_of(call).hint)
            if new != old and new is not None:
                self.follow(call)
        for channel, old in list(self._channels.items()):
            if self._holder(channel) != old:
                self.listen(channel)
        primaries = self._topology.primaries
        for address in [one for one in self._streams if one not in primaries]:
            self._end(address)

    reopen = reroute

    @property
    def up(self) -> bool:
        return all(stream.up for stream, _ in self._streams.values())

    @property
    def dropped(self) -> int:
        return self._gone[0] + sum(stream.dropped for stream, _ in self._streams.values())

    @property
    def nonsense(self) -> int:
        return self._gone[1] + sum(stream.nonsense for stream, _ in self._streams.values())

    def close(self) -> None:
        for address in list(self._streams):
            self._end(address)
        self._begin = None

    def _holder(self, channel: str) -> Address | None:
        return self._topology.holder(slot_of(channel.encode()))

    def _stream(self, address: Address) -> HintStream:
        found = self._streams.get(address)
        if found is None:
            assert self._begin is not None
            stream = self._make(address)
            found = self._streams[address] = (stream, self._begin(stream))
        return found[0]

    def _end(self, address: Address) -> None:
        stream, end = self._streams.pop(address)
        self._gone = (self._gone[0] + stream.dropped, self._gone[1] + stream.nonsense)
        end()
        stream.close()
