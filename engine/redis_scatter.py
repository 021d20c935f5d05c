"""Commands of one batch, each to the primary of a cluster that holds its slot.

Owns following redirections. Like the pipe it serves (`redis_pipe.py`) it never repeats what
may have taken effect: only what a node refused to run goes on to another.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError

from engine.log import LogUnavailable
from engine.redis_refusals import reason_of
from engine.redis_slots import key_of
from engine.redis_words import Command, Packed, Stamped, pack
from engine.store_cluster import REDIRECTIONS, TRY_AGAIN_S, ClusterClient
from engine.store_url import Address

_ASKING = pack(("ASKING",))
# (pool, commands, whether they change something) -> answers, errors in their places
At = Callable[[Any, Sequence[Command | Packed], bool], list[Any]]


def scattered(
    client: ClusterClient, at: At, commands: Sequence[Command | Packed], changes: bool
) -> list[Any]:
    """The answers in the commands' order. Raises LogUnavailable as soon as one node fails;
    what others have run by then makes the outcome uncertain."""
    answers: list[Any] = [None] * len(commands)
    aims: dict[int, Address | None] = dict.fromkeys(range(len(commands)))
    asking: set[int] = set()
    some_ran = False
    for _ in range(REDIRECTIONS):
        for address, places in _by_address(client, commands, aims).items():
            try:
                got = _exchange(
                    client, at, address, [(commands[p], p in asking) for p in places], changes
                )
            except LogUnavailable as problem:
                _look_again(client)
                problem.uncertain = problem.uncertain or (changes and some_ran)
                raise
            for place, answer in zip(places, got, strict=True):
                answers[place] = answer
            some_ran = some_ran or not all(isinstance(one, RedisError) for one in got)
        aims, asking = _redirected(client, answers, list(aims))
        if not aims:
            break
    return answers


def _by_address(
    client: ClusterClient, commands: Sequence[Command | Packed], aims: dict[int, Address | None]
) -> dict[Address, list[int]]:
    found: dict[Address, list[int]] = defaultdict(list)
    try:
        for place, aim in aims.items():
            found[aim or client.address_of(_key(commands[place]))].append(place)
    except (RedisError, OSError) as problem:
        raise LogUnavailable(reason_of(problem), uncertain=False) from problem
    return found


def _key(command: Command | Packed) -> bytes | None:
    if isinstance(command, Stamped):
        return key_of(command.head)
    return key_of(command if isinstance(command, bytes) else pack(command))


def _exchange(
    client: ClusterClient,
    at: At,
    address: Address,
    commands: Sequence[tuple[Command | Packed, bool]],
    changes: bool,
) -> list[Any]:
    """With ASKING before those that ask; its answers are left out."""
    sent: list[Command | Packed] = []
    for command, asks in commands:
        sent += [_ASKING, command] if asks else [command]
    got = iter(at(client.pool_of(address), sent, changes))
    found = []
    for _, asks in commands:
        if asks:
            next(got)
        found.append(next(got))
    return found


def _redirected(
    client: ClusterClient, answers: Sequence[Any], places: Sequence[int]
) -> tuple[dict[int, Address | None], set[int]]:
    """Those to be sent again: where to, and which of them with ASKING."""
    aims: dict[int, Address | None] = {}
    asking: set[int] = set()
    wait = False
    for place in places:
        answer = answers[place]
        if isinstance(answer, AskError) and not answer.host:
            _look_again(client)  # it names no host: where it is asked from, which we hear anew
            aims[place] = None
        elif isinstance(answer, AskError):
            aims[place] = (answer.host, answer.port)
            if isinstance(answer, MovedError):
                client.topology.moved(answer.slot_id, (answer.host, answer.port))
            else:
                asking.add(place)
        elif isinstance(answer, TryAgainError):
            aims[place], wait = None, True
        elif isinstance(answer, ClusterDownError):
            _look_again(client)
    if wait:
        time.sleep(TRY_AGAIN_S)
    return aims, asking


def _look_again(client: ClusterClient) -> None:
    try:
        client.topology.refresh()
    except (RedisError, OSError):
        return  # what failed first is what the caller hears
