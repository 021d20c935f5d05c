"""The closed set of codes, and the classes that carry them."""

from __future__ import annotations

import pickle

import pytest

from engine.decoding import encode, error_of
from engine.errors import CODES, Busy, EngineError, Unavailable

# DESIGN.md, section 2: the set that clients are written against.
THE_SET = """bad_request, unauthenticated, forbidden, unknown_call, call_ended, call_full,
stale_revision, final, conflict, busy, timeout, unavailable, rate_limited, too_many,
too_many_connections, too_large, slow, draining, replaced, revoked, expired, not_found,
internal"""


def classes() -> dict[str, type[EngineError]]:
    found: dict[str, type[EngineError]] = {}
    waiting = EngineError.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" not in vars(kind):
            continue  # a case of its parent, told apart inside only
        assert kind.code not in found, f"{kind.code} has two classes"
        found[kind.code] = kind
    return found


def test_the_codes_are_the_designs() -> None:
    assert set(CODES) == set(THE_SET.replace("\n", " ").split(", "))


def test_every_code_has_one_class_and_every_class_a_code() -> None:
    assert set(classes()) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_a_client_does(code: str) -> None:
    found = CODES[code]
    assert 400 <= found.http_status < 600
    assert found.meaning.endswith(".")
    assert not (found.retryable and not found.reconnect), "worth a retry, but stay away?"


@pytest.mark.parametrize("code", ["unauthenticated", "expired", "revoked", "replaced", "forbidden"])
def test_who_has_lost_the_right_stays_away(code: str) -> None:
    assert not CODES[code].reconnect
    assert not CODES[code].retryable


def test_an_error_is_the_same_on_the_wire_with_and_without_its_extras() -> None:
    assert encode(error_of(Unavailable("gone"))) == (
        b'{"code":"unavailable","message":"gone","retryable":true}'
    )
    assert encode(error_of(Busy("later", field="call_id", retry_after_ms=500))) == (
        b'{"code":"busy","message":"later","retryable":true,"field":"call_id","retry_after_ms":500}'
    )


def test_an_error_survives_being_copied_between_processes() -> None:
    again = pickle.loads(pickle.dumps(Busy("later", field="call_id", retry_after_ms=5)))
    assert (type(again), again.message, again.field, again.retry_after_ms) == (
        Busy,
        "later",
        "call_id",
        5,
    )
