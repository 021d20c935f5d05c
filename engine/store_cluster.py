"""A cluster of primaries, each with its share of the slots.

Owns which primary holds which slot, as last heard from the cluster itself, a pool of
connections to each, and a client that sends each command where its key lives. A redirection
is followed; what failed is never asked again here. It knows nothing of calls.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import redis
from redis.client import Pipeline
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooLate

from engine.redis_slots import KEY_AT, KEYLESS, holders, servers, slot_of
from engine.store_pool import Pool
from engine.store_url import Address

REDIRECTIONS = 6  # followed for one command
TRY_AGAIN_S = 0.05  # while a slot's keys are being moved
FRESH_S = 0.1  # what was heard so short a time ago is not asked for again


class Cluster:
    """`ask` gets CLUSTER SLOTS' answer from one node, or raises redis.RedisError or OSError.
    `hosts` are asked first; the others are learnt. As a store_found.Finder it finds any
    primary."""

    def __init__(
        self,
        hosts: Iterable[Address],
        ask: Callable[[Address], list[Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = deque(hosts)
        self._ask = ask
        self._clock = clock
        self._holders: dict[int, Address] = {}
        self._asked_at = -FRESH_S
        self._primaries: tuple[Address, ...] = ()
        self._turn = 0  # which of them `find` names

    @property
    def primaries(self) -> tuple[Address, ...]:
        """Those that hold slots, as last heard; asked for where nothing was heard yet."""
        if not self._primaries:
            self.refresh()
        return self._primaries

    def holder(self, slot: int) -> Address | None:
        """Without waiting. None: not known, or nobody's."""
        return self._holders.get(slot)

    def moved(self, slot: int, address: Address) -> None:
        """A node has said so; the rest of the picture is old too."""
        self._holders[slot] = address
        self._asked_at = -FRESH_S

    def refresh(self) -> bool:
        """Ask the nodes one after another; True when the picture has changed. Raises
        redis.exceptions.ConnectionError when none answers."""
        if self._primaries and self._clock() - self._asked_at < FRESH_S:
            return False
        problem: Exception | None = None
        for _ in range(len(self._hosts)):
            host = self._hosts[0]
            self._hosts.rotate(-1)  # a node cut off from the others is not asked twice running
            try:
                told = self._ask(host)
            except (NotConnected, TooLate, OSError) as silence:
                problem = silence
                continue
            if told:
                return self._take(told, host)
        names = ", ".join(f"{host}:{port}" for host, port in sorted(self._hosts))
        raise NotConnected(f"no node of the cluster answers at {names} ({problem})")

    def find(self) -> Address:
        primaries = self.primaries
        return primaries[self._turn % len(primaries)]

    def doubt(self) -> None:
        self._turn += 1

    def _take(self, told: list[Any], host: Address) -> bool:
        found = holders(told, host)
        self._asked_at = self._clock()
        self._hosts += servers(told, host) - set(self._hosts)
        if found == self._holders and self._primaries:
            return False
        self._holders = found
        self._primaries = tuple(sorted(set(found.values())))
        return True


class ClusterClient(redis.Redis):
    """`make_pool` makes the pool of one address; `any_pool` has connections to any primary,
    for what has no key and for pub/sub."""

    def __init__(
        self, topology: Cluster, make_pool: Callable[[Address], Pool], any_pool: Pool
    ) -> None:
        super().__init__(connection_pool=any_pool)
        self.topology = topology
        self._make_pool = make_pool
        self._nodes: dict[Address, redis.Redis] = {}

    def node(self, address: Address) -> redis.Redis:
        found = self._nodes.get(address)
        if found is None:
            found = self._nodes[address] = redis.Redis(connection_pool=self._make_pool(address))
        return found

    def pool_of(self, address: Address) -> Pool:
        pool: Any = self.node(address).connection_pool
        return cast(Pool, pool)

    @property
    def pools(self) -> list[Pool]:
        return [self.pool_of(address) for address in list(self._nodes)]

    def address_of(self, key: bytes | None) -> Address:
        """Raises redis.exceptions.ConnectionError."""
        primaries = self.topology.primaries
        if key is None:
            return self.topology.find()
        found = self.topology.holder(slot_of(key))
        if found is None:
            self.topology.refresh()
            found = self.topology.holder(slot_of(key))
        return found or primaries[0]  # which says CLUSTERDOWN

    def execute_command(self, *words: Any, **options: Any) -> Any:
        """Each failure comes out at once; what it says of the cluster is taken to heart."""
        if str(words[0]).upper().startswith("SCRIPT"):
            nodes: list[Any] = [self.node(one) for one in self.topology.primaries]
            answers = [node.execute_command(*words, **options) for node in nodes]
            return answers[0]
        address = self.address_of(_key_of(words))
        asking = False
        for _ in range(REDIRECTIONS):
            node: Any = self.node(address)
            try:
                if asking:
                    return _ask(node, *words, **options)
                return node.execute_command(*words, **options)
            except MovedError as moved:
                address, asking = (moved.host or address[0], moved.port), False
                self.topology.moved(moved.slot_id, address)
            except AskError as ask:
                address, asking = (ask.host or address[0], ask.port), True
            except TryAgainError:
                time.sleep(TRY_AGAIN_S)
            except (NotConnected, TooLate, ClusterDownError):
                self._look_again()
                raise
        raise ClusterDownError(f"{words[0]} was sent from one node to another without end")

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Pipeline:
        """Commands whose keys may be anywhere: never a transaction."""
        return _Scattered(self, self.connection_pool, self.response_callbacks, False, None)

    def run_at(self, address: Address, commands: Sequence[Any]) -> list[Any]:
        """A pipeline's commands in one round trip, errors in their places."""
        with self.node(address).pipeline(transaction=False) as pipe:
            pipe.command_stack = list(commands)
            try:
                return pipe.execute(raise_on_error=False)
            except (NotConnected, TooLate):
                self._look_again()
                raise

    def close(self) -> None:
        for node in self._nodes.values():
            node.connection_pool.disconnect()
        self.connection_pool.disconnect()
        super().close()

    def _look_again(self) -> None:
        try:
            self.topology.refresh()
        except (RedisError, OSError):
            return  # what failed first is what the caller hears


class _Scattered(Pipeline):
    """One round trip to each node that is needed; what a node sends on is sent again alone."""

    def __init__(self, client: ClusterClient, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._client = client

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        commands, self.command_stack = self.command_stack, []
        answers: list[Any] = [None] * len(commands)
        places: dict[Address, list[int]] = defaultdict(list)
        for place, (words, _) in enumerate(commands):
            places[self._client.address_of(_key_of(words))].append(place)
        for address, theirs in places.items():
            found = self._client.run_at(address, [commands[place] for place in theirs])
            for place, answer in zip(theirs, found, strict=True):
                answers[place] = answer
        for place, (words, options) in enumerate(commands):
            if isinstance(answers[place], AskError | TryAgainError):
                answers[place] = self._client.execute_command(*words, **options)
        wrong = next((one for one in answers if isinstance(one, RedisError)), None)
        if wrong is not None and raise_on_error:
            raise wrong
        return answers


def _ask(node: Any, *words: Any, **options: Any) -> Any:
    """One command where its slot is about to come to."""
    with node.pipeline(transaction=False) as pipe:
        pipe.execute_command("ASKING")
        pipe.execute_command(*words, **options)
        return pipe.execute()[1]


def _key_of(words: tuple[Any, ...]) -> bytes | None:
    name = str(words[0]).upper().encode()
    at = KEY_AT.get(name, 1)
    if name.partition(b" ")[0] in KEYLESS or len(words) <= at:
        return None
    key = words[at]
    return key if isinstance(key, bytes) else str(key).encode()
