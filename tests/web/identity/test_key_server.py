"""Tokens whose keys are at a key server: rotated, slow, down. Real HTTP on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from engine.config import Settings
from engine.config import Tokens as TokenSettings
from engine.errors import EngineError, Unauthenticated, Unavailable
from engine.identity import Tokens
from tests.web.identity.key_place import KeyPlace, key_place
from web import key_server
from web.key_server import KeyServer
from web.token_desk import TokenDesk

PRIVATE = {kid: rsa.generate_private_key(65537, 2048) for kid in ("one", "two")}
BOUND_S = 30.0
PATIENT_S, SHORT_S = 20.0, 0.5  # jwks_timeout_s, for answers that come and for those that do not


@pytest.fixture
def place() -> Iterator[KeyPlace]:
    with key_place() as found:
        found.keys = [published("one")]
        yield found


@pytest.fixture
def desk(place: KeyPlace) -> Iterator[Callable[..., TokenDesk]]:
    made: list[TokenDesk] = []

    def make(**fields: Any) -> TokenDesk:
        bounds = {"jwks_retry_s": 0.05, "jwks_timeout_s": PATIENT_S} | fields
        settings = TokenSettings("RS256", jwks_url=place.url, **bounds)
        tokens = Tokens(Settings(tokens=settings))
        assert tokens.ring is not None
        keys = KeyServer(tokens.ring, settings, time.time)
        made.append(TokenDesk(tokens, time.time, keys))
        return made[-1]

    yield make
    for one in made:
        one.close()


def published(kid: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(PRIVATE[kid].public_key(), as_dict=True), "kid": kid}


def signed(kid: str, named: str | None = None) -> str:
    claims = {"sub": "ann", "role": "agent", "exp": int(time.time()) + 600}
    return jwt.encode(claims, PRIVATE[kid], "RS256", headers={"kid": named or kid})


def verify(desk: TokenDesk, token: str) -> Any:
    with gevent.Timeout(BOUND_S):
        return desk.verify(token, time.time())


def knows(desk: TokenDesk, kid: str) -> bool:
    """Asked again where the answer, which comes at once, was too late for the short time-out."""
    try:
        return bool(verify(desk, signed(kid)))
    except Unavailable:
        return False


def until(condition: Callable[[], Any]) -> None:
    with gevent.Timeout(BOUND_S):
        while not condition():
            gevent.sleep(0.01)


def test_the_first_token_waits_for_the_keys_and_the_next_does_not(desk: Any, place: Any) -> None:
    mine = desk()
    assert [verify(mine, signed("one")).agent_id for _ in range(3)] == ["ann"] * 3
    assert place.asked == 1


def test_a_new_key_is_found_by_the_first_token_that_names_it(desk: Any, place: Any) -> None:
    mine = desk()
    verify(mine, signed("one"))
    place.keys = [published("two")]
    gevent.sleep(0.06)  # jwks_retry_s
    assert verify(mine, signed("two")).agent_id == "ann"
    with pytest.raises(Unauthenticated):
        verify(mine, signed("one"))


def test_invented_key_names_do_not_ask_the_key_server_each(desk: Any, place: Any) -> None:
    mine = desk(jwks_retry_s=60)
    verify(mine, signed("one"))
    for number in range(100):
        with pytest.raises(Unauthenticated, match="does not know"):
            verify(mine, signed("one", named=f"invented-{number}"))
    assert place.asked == 1


@pytest.mark.parametrize("mood", ["down", "ill", "huge", "hang", "drip", "away"])
def test_a_key_server_that_fails_locks_nobody_out(desk: Any, place: Any, mood: str) -> None:
    mine = desk(jwks_refresh_s=0.05)
    verify(mine, signed("one"))
    place.mood, asked = mood, place.asked
    until(lambda: place.asked > asked)
    assert verify(mine, signed("one")).agent_id == "ann"


@pytest.mark.parametrize("mood", ["down", "ill", "huge", "hang", "drip", "away"])
def test_without_any_key_a_token_may_be_sent_again_later(desk: Any, place: Any, mood: str) -> None:
    place.mood = mood
    mine, began = desk(jwks_timeout_s=SHORT_S), time.monotonic()
    with pytest.raises(Unavailable) as refused:
        verify(mine, signed("one"))
    assert refused.value.retryable
    assert time.monotonic() - began < BOUND_S
    place.mood = "well"
    until(lambda: knows(mine, "one"))


def test_a_slow_key_server_holds_up_only_who_needs_it(desk: Any, place: Any) -> None:
    """An actor's question returns at once; a token with a known key is judged meanwhile."""
    mine = desk(jwks_retry_s=0.01, jwks_timeout_s=SHORT_S)
    until(lambda: knows(mine, "one"))
    place.mood = "hang"
    gevent.sleep(0.02)
    answers: list[Any] = []
    at_once: list[Any] = []

    def in_the_hub() -> None:  # where waiting would be an error
        mine.judge(signed("two"), answers.append)
        mine.judge(signed("one"), answers.append)
        at_once.extend(answers)

    gevent.get_hub().loop.run_callback(in_the_hub)
    until(lambda: answers)
    assert [one.agent_id for one in at_once] == ["ann"]
    until(lambda: len(answers) == 2)
    assert isinstance(answers[1], EngineError)
    assert answers[1].code == "unavailable"


def test_so_many_wait_for_the_key_server_and_the_next_is_told_at_once(
    desk: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_server, "WAITING", 3)
    place.mood = "hang"
    mine = desk(jwks_timeout_s=SHORT_S)
    answers: list[Any] = []
    for _ in range(4):
        mine.judge(signed("one"), answers.append)
    assert [one.code for one in answers] == ["unavailable"]
    until(lambda: len(answers) == 4)
