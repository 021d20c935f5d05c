"""A real server with an embedding endpoint: without it, with it, and when it dies midway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.conftest import Start
from tests.live.raw_client import RawClient
from tests.live.server import Caller, LiveServer, line, new_id, until
from tests.web.endpoints import endpoint_place as place

DOCUMENTS = [
    {"id": f"d{n}", "title": f"Document {n}", "text": f"About the {word}."}
    for n, word in enumerate(("garage", "router", "parcel", "invoice", "breakfast", "pool") * 30)
]
MODEL = "endpoint:some-model"
AGAIN_S = 90.0  # pauses between attempts grow to 30 s


@pytest.fixture
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.saying({}, 503))
    yield made
    made.close()


@pytest.fixture
def server(start: Start, service: place.EndpointPlace) -> LiveServer:
    return start(
        EARSHOT__ASSIST__THRESHOLD=0.01,
        EARSHOT__EMBEDDING__USE="endpoint",
        EARSHOT__EMBEDDING__BASE_URL=service.url,
        EARSHOT__EMBEDDING__MODEL="some-model",
        EARSHOT__EMBEDDING__RETRIES=0,
        EARSHOT__EMBEDDING__TIMEOUT_S=20,
        EARSHOT__EMBEDDING__QUERY_TIMEOUT_S=0.3,
    )


def state(admin: Caller) -> dict[str, Any]:
    found: dict[str, Any] = admin.get("/v1/knowledge")
    return found


def test_an_endpoint_that_comes_dies_midway_and_comes_back_loses_nothing(
    server: LiveServer, service: place.EndpointPlace
) -> None:
    admin = server.caller("admin-1", "admin")
    answer = admin.ask("PUT", "/v1/documents", {"documents": DOCUMENTS})
    assert answer.json() == {"accepted": len(DOCUMENTS), "refused": []}
    found = until(
        lambda: state(admin)["why"].startswith("The embedding end") and state(admin), AGAIN_S
    )
    assert (found["documents"], found["model"]) == (len(DOCUMENTS), "")
    assert "fault, answered 503" in found["why"]
    [hit, *_] = admin.get("/v1/documents/search?q=parcel")["documents"]
    assert "parcel" in hit["excerpt"], "words find them all the while"

    served = [0]

    def dying(link: Any, request: place.Request) -> None:
        """Answers one batch after the dimension was learnt, then nothing more."""
        served[0] += 1
        (place.embeddings(8) if served[0] <= 2 else place.half)(link, request)

    service.behave = dying
    until(lambda: state(admin)["model"] == MODEL and "unreachable" in state(admin)["why"], AGAIN_S)
    waiting = state(admin)["waiting"]
    assert 0 < waiting < len(DOCUMENTS)

    service.behave = place.embeddings(8)
    until(lambda: state(admin)["waiting"] == 0, AGAIN_S)
    assert state(admin)["why"] == ""
    embedded = [text for asked in service.asked for text in asked.body["input"]]
    assert len(set(embedded)) == len(DOCUMENTS) + 1


def test_questions_that_the_endpoint_leaves_unanswered_are_ranked_by_words(
    server: LiveServer, service: place.EndpointPlace
) -> None:
    service.behave = place.embeddings(8)
    admin, caller = server.caller("admin-1", "admin"), server.caller()
    admin.ask("PUT", "/v1/documents", {"documents": DOCUMENTS[:6]})
    until(lambda: state(admin)["model"] and not state(admin)["waiting"], AGAIN_S)
    service.behave = place.never
    agent_id = new_id("agent")
    call_id = caller.create(agent_id)
    with RawClient(server.url, {"token": server.token(agent_id)}) as client:
        client.ok("call:subscribe", {"call_id": call_id})
        caller.say(call_id, line("s1", "where is the garage please, the garage"))
        shown = client.event("ai:suggestion")
        assert shown["documents"][0]["id"] == "d0"
        client.until(lambda p: p.name == "call:health" and p.data.get("why") == "words_only")
