"""What a store says of itself, and which failures waiting can heal."""

from __future__ import annotations

import socket
import ssl

import pytest
from redis import exceptions as wrong

from engine.store import facts_from, reason_of, refusal

REDIS = {
    "redis_version": "7.0.15",
    "run_id": "a" * 40,
    "role": "master",
    "aof_enabled": 1,
    "maxmemory_policy": "noeviction",
}
SHOWN = "redis://store:6379"


def caused_by(error: wrong.RedisError, cause: BaseException) -> wrong.RedisError:
    """`error` as redis-py raises it: while it handles `cause`."""
    error.__context__ = cause
    return error


def test_a_redis_with_an_append_only_file_has_no_warning() -> None:
    facts = facts_from(REDIS, "everysec")
    assert (facts.flavour, facts.version, facts.run_id) == ("redis", "7.0.15", "a" * 40)
    assert (facts.append_only, facts.fsync, facts.warnings) == (True, "everysec", ())


def test_a_valkey_is_known_by_its_own_version_not_the_redis_version_it_also_tells() -> None:
    facts = facts_from({**REDIS, "valkey_version": "9.1.2"}, "always")
    assert (facts.flavour, facts.version) == ("valkey", "9.1.2")


@pytest.mark.parametrize(
    ("change", "fsync", "says"),
    [
        ({"aof_enabled": 0}, "everysec", "no append-only file"),
        ({}, "no", "appendfsync no"),
        ({"maxmemory_policy": "unknown"}, None, "maxmemory-policy"),
    ],
)
def test_a_store_that_keeps_less_than_promised_is_warned_about(
    change: dict[str, object], fsync: str | None, says: str
) -> None:
    (warning,) = facts_from({**REDIS, **change}, fsync).warnings
    assert says in warning


def test_a_service_that_forbids_config_is_not_warned_about() -> None:
    assert facts_from(REDIS, None).warnings == ()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (wrong.AuthenticationError("invalid password"), "user or password: invalid password"),
        (wrong.NoPermissionError("no permissions to run 'info'"), "user or password"),
        (wrong.InvalidResponse(b"HTTP/1.1 400"), "does not speak"),
        (wrong.ResponseError("DB index is out of range"), "DB index is out of range"),
        (
            caused_by(wrong.ConnectionError("x"), PermissionError(13, "Permission denied")),
            "may not open",
        ),
        (
            caused_by(wrong.ConnectionError("x"), ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")),
            "TLS with the store",
        ),
    ],
)
def test_what_waiting_cannot_heal_is_final_and_names_the_address(
    error: wrong.RedisError, says: str
) -> None:
    sentence = refusal(error, SHOWN)
    assert sentence is not None
    assert says in sentence
    assert SHOWN in sentence


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (wrong.BusyLoadingError("Valkey is loading the dataset in memory"), "still loading"),
        (wrong.TimeoutError("Timeout reading from store:6379"), "no answer in time"),
        (
            caused_by(
                wrong.ConnectionError("Error 111"),
                ConnectionRefusedError(111, "Connection refused"),
            ),
            "connection refused",
        ),
        (
            caused_by(
                wrong.ConnectionError("Error -2"), socket.gaierror(-2, "Name or service not known")
            ),
            "name or service not known",
        ),
        (wrong.ConnectionError("Connection closed by server."), "rediss://"),
        (wrong.MasterDownError("Link with MASTER is down"), "Link with MASTER is down"),
        (
            caused_by(wrong.ConnectionError("x"), ssl.SSLEOFError(8, "EOF occurred in violation")),
            "EOF occurred",
        ),
    ],
)
def test_what_may_pass_is_waited_for_with_its_reason(error: wrong.RedisError, reason: str) -> None:
    assert refusal(error, SHOWN) is None
    assert reason.lower() in reason_of(error).lower()
