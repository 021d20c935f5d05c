"""The way to the store: a Redis or Valkey by its URL.

Owns what is asked of a store before the server takes traffic, and the words for a store that
cannot be used; how a client is made is in store_connect.py. It never writes to the store,
never starts one (`store_embedded.py` does), and never shows a password.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import redis
from redis import exceptions as wrong

from engine.store_cluster import ClusterClient
from engine.store_connect import address as address
from engine.store_connect import connect as connect
from engine.store_connect import is_single as is_single
from engine.store_sentinel import NoSentinel, SentinelRefuses, UnknownService
from engine.store_url import StoreUnusable as StoreUnusable
from engine.store_url import read

ATTEMPT_S, SHORTEST_ATTEMPT_S = 2.0, 0.1  # wait_for's connect, and each answer
PAUSE_S = 0.25  # between two attempts of wait_for

_DENIED = (wrong.AuthenticationError, wrong.AuthorizationError, wrong.NoPermissionError)
# A proxy whose backend is still away closes during the handshake; that one heals.
_PASSING_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store says of itself.

    `fsync` is its appendfsync, `eviction_policy` its maxmemory-policy (None and "unknown"
    where it does not tell). `warnings` are sentences for the log: the store may be used and
    keeps less than Earshot promises.
    """

    flavour: Literal["redis", "valkey"]
    version: str
    run_id: str
    role: str
    append_only: bool
    clustered: bool
    fsync: str | None
    eviction_policy: str
    warnings: tuple[str, ...] = ()


def inspect(client: redis.Redis) -> StoreFacts:
    """Ask the store what it is: one INFO, and one CONFIG GET where that is allowed. Managed
    services forbid CONFIG; only `fsync` stays unknown then. Raises what redis-py raises."""
    told: dict[str, Any] = client.info()
    try:
        fsync = next(iter(client.config_get("appendfsync").values()), None)
    except wrong.ResponseError:
        fsync = None
    return facts_from(told, fsync)


def facts_from(told: dict[str, Any], fsync: str | None) -> StoreFacts:
    """The facts in INFO's fields `told`; `fsync` is CONFIG's appendfsync, None if untold."""
    policy = str(told.get("maxmemory_policy", "unknown"))
    append_only = bool(told.get("aof_enabled", 0))
    valkey = "valkey_version" in told
    return StoreFacts(
        flavour="valkey" if valkey else "redis",
        version=str(told.get("valkey_version" if valkey else "redis_version", "unknown")),
        run_id=str(told.get("run_id", "")),
        role=str(told.get("role", "master")),
        append_only=append_only,
        clustered=bool(told.get("cluster_enabled", 0)),
        fsync=fsync,
        eviction_policy=policy,
        warnings=tuple(_warnings(append_only, fsync, policy)),
    )


def wait_for(
    url: str,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    notify: Callable[[str], None] = lambda _sentence: None,
) -> StoreFacts:
    """Wait until the store at `url` answers and may be used; return its facts.

    A store that is away, loading its file or still a replica is tried again until
    `timeout_s` have passed; the last attempt may take `ATTEMPT_S` per answer, and the
    system's resolver, beyond that. What waiting does not heal (a password, a certificate, an
    eviction policy) is final at once. `notify` gets a sentence when the reason to wait
    changes. Raises StoreUnusable.
    """
    shown = address(url)
    deadline = clock() + timeout_s
    told = ""
    while True:
        left = deadline - clock()
        reason = _attempt(url, min(ATTEMPT_S, max(left, SHORTEST_ATTEMPT_S)))
        if isinstance(reason, StoreFacts):
            return reason
        left = deadline - clock()
        if left <= 0:
            raise StoreUnusable(
                f"The store at {shown} (REDIS_URL) could not be used within {timeout_s:g} s:"
                f" {reason}. Start it, correct REDIS_URL, or unset it to use the built-in store."
            )
        if reason != told:
            notify(f"Waiting up to {left:.1f} s for the store at {shown}: {reason}.")
            told = reason
        sleep(min(PAUSE_S, left))


def _attempt(url: str, timeout_s: float) -> StoreFacts | str:
    """The facts, or the reason to wait; raises StoreUnusable for what waiting cannot heal."""
    _, shown, hidden, *_ = read(url)
    client = connect(url, socket_timeout_s=timeout_s, max_connections=1)
    try:
        every = [inspect(node) for node in _nodes(client)]
        hole = _hole(client)
    except UnicodeError:  # socket's word for a host name that cannot be one
        raise StoreUnusable(f"REDIS_URL names no possible host: {shown}.") from None
    except wrong.RedisError as error:
        final = refusal(error, shown)
        sentence = final or reason_of(error)
        for secret in hidden:  # a server without AUTH repeats its arguments
            sentence = sentence.replace(secret, "***")
        if final:
            raise StoreUnusable(sentence) from None
        return sentence
    finally:
        client.close()
    return hole or _judged(every, isinstance(client, ClusterClient), shown)


def _judged(every: list[StoreFacts], as_cluster: bool, shown: str) -> StoreFacts | str:
    """The facts of the server that promises least; else as `_attempt`."""
    if every[0].clustered and not as_cluster:
        raise StoreUnusable(
            f"The store at {shown} is a node of a cluster: REDIS_URL starts with redis+cluster://."
        )
    for facts in every:
        if facts.role not in ("master", "primary"):
            return "it is a replica and takes no writes"
        if facts.eviction_policy not in ("noeviction", "unknown"):
            raise StoreUnusable(
                f"The store at {shown} (REDIS_URL) may throw calls away: its maxmemory-policy is"
                f" {facts.eviction_policy}. Set maxmemory-policy to noeviction there."
            )
    return min(every, key=lambda facts: (facts.append_only, not facts.warnings))


def _nodes(client: redis.Redis) -> list[redis.Redis]:
    """Every server that takes writes."""
    if not isinstance(client, ClusterClient):
        return [client]
    return [client.node(one) for one in client.topology.primaries]


def _hole(client: redis.Redis) -> str | None:
    """Why a cluster does not work as a whole, as one of its nodes sees it."""
    if not isinstance(client, ClusterClient):
        return None
    told: Any = client.execute_command("CLUSTER INFO")
    state = str(told.get("cluster_state"))
    return None if state == "ok" else f"its cluster_state is {state}: some slots have no primary"


def refusal(error: wrong.RedisError, shown: str) -> str | None:
    """The sentences for an error that waiting does not heal; None for one that may pass."""
    causes = list(_chain(error))
    at = f"the store at {shown} (REDIS_URL)"
    if any(isinstance(e, ssl.SSLError) and not isinstance(e, _PASSING_TLS) for e in causes):
        return (
            f"TLS with {at} failed: {reason_of(error)}. For a private authority add"
            " ?ssl_ca_certs=FILE to REDIS_URL; for a server without TLS it starts with redis://."
        )
    if isinstance(error, UnknownService | SentinelRefuses):
        text = str(error)
        return f"{text[:1].upper()}{text[1:]} (REDIS_URL). Correct REDIS_URL."
    if isinstance(error, _DENIED):
        return f"T{at[1:]} refuses this user or password: {reason_of(error)}. Correct REDIS_URL."
    if any(isinstance(e, PermissionError) for e in causes):
        return f"The server may not open {at}: {reason_of(error)}. Correct the rights of its user."
    if isinstance(error, wrong.InvalidResponse):
        return f"What answers at {shown} does not speak Redis's protocol. Correct REDIS_URL."
    if isinstance(error, wrong.ResponseError) and "cluster support disabled" in str(error):
        return f"T{at[1:]} is no cluster: REDIS_URL starts with redis://."
    if isinstance(error, wrong.ResponseError) and not isinstance(error, wrong.ClusterDownError):
        return f"T{at[1:]} refuses to work: {reason_of(error)}."
    return None


def reason_of(error: wrong.RedisError) -> str:
    """Why it failed, in a clause without a full stop, the system's own words if there are."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message.rstrip(".")
        if isinstance(cause, ssl.SSLError) and getattr(cause, "reason", None):
            return cause.reason.lower().replace("_", " ")
        if isinstance(cause, ConnectionResetError) or "closed by server" in str(cause):
            return "it closed the connection (compare redis:// and rediss://)"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror[:1].lower() + cause.strerror[1:]
        if isinstance(cause, wrong.TimeoutError | TimeoutError):
            return "no answer in time"
    if isinstance(error, NoSentinel):
        return str(error)
    if isinstance(error, wrong.BusyLoadingError):
        return "it is still loading its file"
    text = " ".join(str(error).split()).split(". ")[0]
    return text.rstrip(".")[:160] or type(error).__name__


def _warnings(append_only: bool, fsync: str | None, policy: str) -> Iterator[str]:
    if not append_only:
        yield (
            "The store keeps no append-only file: when it restarts, calls that were"
            " acknowledged are lost. Set appendonly to yes there."
        )
    elif fsync == "no":
        yield (
            "The store leaves writing to disk to the system (appendfsync no): a host crash may"
            " lose half a minute. Set appendfsync to everysec there."
        )
    if policy == "unknown":
        yield "The store does not tell its maxmemory-policy. It must be noeviction."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
