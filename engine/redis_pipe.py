"""Commands to the store in one round trip, with failures told apart.

Owns how scripts and commands travel: one connection of the client's pool, everything sent,
then everything read. It never retries what may have taken effect and knows nothing of
calls. redis-py's own pipeline is not used because it retries by itself and does not say
whether a failure came before or after something was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import (
    BusyLoadingError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from engine.log import LogUnavailable
from engine.redis_refusals import reason_of, refused
from engine.redis_scatter import scattered
from engine.redis_words import Command as Command
from engine.redis_words import Packed as Packed
from engine.redis_words import Stamped as Stamped
from engine.redis_words import bulk as bulk
from engine.redis_words import pack as pack
from engine.redis_words import packed_for
from engine.store_cluster import ClusterClient

LUA = Path(__file__).parent / "lua"


class Script:
    """A Lua file of ours, or several one after the other; `command` makes the call of it."""

    def __init__(self, *names: str) -> None:
        self.source = b"".join((LUA / name).read_bytes() for name in names)
        self.sha = hashlib.sha1(self.source, usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[str], *arguments: str | bytes | int) -> bytes:
        return pack(("EVALSHA", self.sha, len(keys), *keys, *arguments))

    def stamped(self, keys: Sequence[str], *arguments: str | bytes | int) -> Stamped:
        """With the run id of the server as its first argument."""
        before: Command = ("EVALSHA", self.sha, len(keys), *keys)
        count = b"*%d\r\n" % (len(before) + 1 + len(arguments))
        return Stamped(count + b"".join(map(bulk, before)), b"".join(map(bulk, arguments)))

    @property
    def load(self) -> bytes:
        return pack(("SCRIPT", "LOAD", self.source))


class RedisPipe:
    """Runs commands on `client`'s pool. `scripts` are loaded where the store lacks them."""

    def __init__(self, client: redis.Redis, scripts: Sequence[Script]) -> None:
        if client.get_encoder().decode_responses:
            raise ValueError("the client must not decode responses: bodies are bytes")
        self._pool: Any = client.connection_pool
        self._cluster = client if isinstance(client, ClusterClient) else None
        self._loads = [script.load for script in scripts]

    def run(self, commands: Sequence[Command | Packed], *, changes: bool) -> list[Any]:
        """The answers in that order, in one round trip (three when a script was missing).
        Bytes are a command that is packed already; a Stamped one gets the run id of the
        connection's server.

        Raises LogUnavailable. `changes` false: nothing can have taken effect. Else the
        outcome is uncertain from the first byte sent until every command was refused by
        name: some answers and some failures are a failure of all, which may have happened.
        """
        answers = self.outcomes(commands, changes=changes)
        failures = [answer for answer in answers if isinstance(answer, ResponseError)]
        if failures:
            some_ran = len(failures) < len(answers) or not all(map(refused, failures))
            raise LogUnavailable(reason_of(failures[0]), uncertain=changes and some_ran)
        return answers

    def outcomes(self, commands: Sequence[Command | Packed], *, changes: bool) -> list[Any]:
        """The same, but an error answer stands in its place and `failed` says what it means.
        Raises LogUnavailable where the link failed."""
        if not commands:
            return []
        if self._cluster is None:
            return self._at(self._pool, commands, changes)
        return scattered(self._cluster, self._at, commands, changes)

    def _at(self, pool: Any, commands: Sequence[Command | Packed], changes: bool) -> list[Any]:
        """All of them on one connection."""
        try:
            connection = pool.get_connection()
        except (RedisError, OSError) as problem:
            raise LogUnavailable(reason_of(problem), uncertain=False) from problem
        try:
            run_id = getattr(connection, "run_id", "")  # "": not a client of store.connect
            packed = [packed_for(one, run_id) for one in commands]
            answers = self._exchange(connection, packed, changes)
            missing = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if missing:
                self._run_again(connection, packed, answers, missing, changes)
            if any(isinstance(answer, ReadOnlyError) for answer in answers):
                connection.disconnect()  # the primary may be elsewhere by now: resolve it anew
        finally:
            pool.release(connection)
        return answers

    def _run_again(
        self,
        connection: Any,
        commands: Sequence[bytes],
        answers: list[Any],
        missing: list[int],
        changes: bool,
    ) -> None:
        """Load the scripts and run those that were missing theirs; the other answers stand."""
        some_ran = changes and len(missing) < len(commands)
        self._exchange(connection, self._loads, some_ran)
        again = [commands[i] for i in missing]
        try:
            second = self._exchange(connection, again, changes)
        except LogUnavailable as problem:
            problem.uncertain = problem.uncertain or some_ran
            raise
        for i, answer in zip(missing, second, strict=True):
            answers[i] = answer

    def _exchange(self, connection: Any, commands: Sequence[bytes], changes: bool) -> list[Any]:
        """Send all, read all. An error answer stands in its place."""
        answers: list[Any] = []
        try:
            connection.send_packed_command([b"".join(commands)])
            while len(answers) < len(commands):
                try:
                    answers.append(connection.read_response())
                except ResponseError as answer:
                    answers.append(answer)
        except BusyLoadingError as problem:
            # redis-py gives the connection up here, with the other answers unread.
            uncertain = changes and len(commands) > 1
            raise LogUnavailable(reason_of(problem), uncertain=uncertain) from problem
        except (RedisError, OSError) as problem:
            raise LogUnavailable(reason_of(problem), uncertain=changes) from problem
        finally:
            # A time-out of the caller's (gevent's is a BaseException) ends up here too: late
            # answers must not be read by whoever uses the connection next.
            if len(answers) < len(commands):
                connection.disconnect()
        return answers
