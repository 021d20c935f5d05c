"""One request to a service, and what each way of misbehaving is called."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from engine.http_endpoint import EndpointError, HttpEndpoint
from tests.web.endpoints import endpoint_place as place

SHORT_S, LONG_S = 0.3, 10


@pytest.fixture
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.saying({"a": 1}))
    yield made
    made.close()


def failure(
    service: place.EndpointPlace, behave: place.Behaviour, timeout_s: float = LONG_S
) -> EndpointError:
    service.behave = behave
    with pytest.raises(EndpointError) as problem:
        HttpEndpoint(service.url, "secret").post("/x", {"text": "private"}, timeout_s)
    for shown in (str(problem.value), repr(problem.value)):
        assert "secret" not in shown
        assert "private" not in shown
    return problem.value


def test_it_is_asked_with_json_and_its_key(service: place.EndpointPlace) -> None:
    answer = HttpEndpoint(f"{service.url}/", "the-key").post("/x", {"ü": [1]}, 5)
    assert answer == b'{"a": 1}'
    [asked] = service.asked
    assert (asked.path, asked.body) == ("/v1/x", {"ü": [1]})
    assert asked.head["authorization"] == "Bearer the-key"


def test_a_service_of_ones_own_may_need_no_key(service: place.EndpointPlace) -> None:
    HttpEndpoint(service.url, "").post("/x", {}, 5)
    assert "authorization" not in service.asked[0].head


@pytest.mark.parametrize(
    ("behave", "why", "again"),
    [
        (place.slow(SHORT_S * 2, place.saying({})), "timeout", True),
        (place.never, "timeout", True),
        (place.dripping, "timeout", True),
        (place.half, "unreachable", True),
        (place.huge, "too_large", False),
        (place.saying({}, 500), "fault", True),
        (place.saying({}, 503), "fault", True),
        (place.saying({}, 401), "refused", False),
        (place.saying({}, 404), "refused", False),
        (place.saying({}, 429), "rate_limited", True),
        (place.saying({}, 302, Location="http://127.0.0.1:1/"), "refused", False),
    ],
)
def test_every_failure_has_a_name_and_comes_in_time(
    service: place.EndpointPlace, behave: place.Behaviour, why: str, again: bool
) -> None:
    began = time.monotonic()
    found = failure(service, behave, SHORT_S if why == "timeout" else LONG_S)
    assert (found.why, found.again) == (why, again)
    assert time.monotonic() - began < LONG_S


@pytest.mark.parametrize(("status", "hint"), [(401, "key"), (403, "key"), (404, "base_url")])
def test_a_refusal_says_what_is_mostly_the_matter(
    service: place.EndpointPlace, status: int, hint: str
) -> None:
    assert hint in str(failure(service, place.saying({}, status)))


@pytest.mark.parametrize(
    ("text", "after_s"),
    [("7", 7.0), ("0.5", 0.5), ("soon", None), ("-1", None), ("1e9", None), ("nan", None)],
)
def test_how_long_to_wait_is_believed_if_it_is_a_number_of_seconds(
    service: place.EndpointPlace, text: str, after_s: float | None
) -> None:
    found = failure(service, place.saying({}, 429, Retry_After=text))
    assert found.retry_after_s == after_s


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    with pytest.raises(EndpointError) as problem:
        HttpEndpoint(f"http://127.0.0.1:{port}", "").post("/x", {}, 1)
    assert problem.value.why == "unreachable"
