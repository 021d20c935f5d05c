"""A model behind HTTP: batches, patience, checks, and no patience for questions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.config import Embedding
from engine.errors import Unavailable
from engine.knowledge.embedding_endpoint import REST_S, EndpointEmbedder, QuestionEmbedder
from tests.web.endpoints import endpoint_place as place

DIMENSION = 4


@pytest.fixture
def service() -> Iterator[place.EndpointPlace]:
    made = place.EndpointPlace(place.embeddings(DIMENSION))
    yield made
    made.close()


def settings(service: place.EndpointPlace, **more: Any) -> Embedding:
    made = Embedding(
        use="endpoint", base_url=service.url, key="k", model="m", dimensions=DIMENSION,
        batch=3, timeout_s=1, query_timeout_s=10, retries=2,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def failing_first(times: int, behave: place.Behaviour) -> place.Behaviour:
    left = [times]

    def act(link: Any, request: place.Request) -> None:
        left[0] -= 1
        (behave if left[0] >= 0 else place.embeddings(DIMENSION))(link, request)

    return act


def test_texts_go_in_batches_and_rows_come_back_in_their_order(
    service: place.EndpointPlace,
) -> None:
    texts = ["bbbb", "aaaa", "", "dddd", "ab  ", "z"]
    found = EndpointEmbedder(settings(service)).embed([*texts, "aaaa"])
    assert [len(asked.body["input"]) for asked in service.asked] == [3, 3, 1]
    assert service.asked[0].body["model"] == "m"
    assert found.shape == (7, DIMENSION)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert np.allclose(found[1], found[6])
    assert np.allclose(found[1], 0.5)
    assert not np.allclose(found[4], found[1])


@pytest.mark.parametrize(
    "behave", [place.saying({}, 500), place.saying({}, 429), place.half, place.never]
)
def test_what_passes_is_waited_out(service: place.EndpointPlace, behave: place.Behaviour) -> None:
    service.behave = failing_first(2, behave)
    pauses: list[float] = []
    EndpointEmbedder(settings(service), sleep=pauses.append).embed(["a"])
    assert pauses == [0.5, 1.0]


def test_a_service_that_says_when_is_believed(service: place.EndpointPlace) -> None:
    service.behave = failing_first(2, place.saying({}, 429, Retry_After="7"))
    pauses: list[float] = []
    EndpointEmbedder(settings(service), sleep=pauses.append).embed(["a"])
    assert pauses == [7.0, 7.0]


def test_what_does_not_pass_is_said(service: place.EndpointPlace) -> None:
    service.behave = place.saying({}, 500)
    with pytest.raises(Unavailable, match="fault, answered 500"):
        EndpointEmbedder(settings(service), sleep=lambda _: None).embed(["a"])
    assert len(service.asked) == 4, "the last time whether it answers at all"


def test_a_wrong_key_is_not_tried_again(service: place.EndpointPlace) -> None:
    service.behave = place.saying({}, 401)
    with pytest.raises(Unavailable, match="refused, answered 401"):
        EndpointEmbedder(settings(service), sleep=lambda _: None).embed(["a"])
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "behave",
    [
        *place.NONSENSE.values(),
        place.embeddings(DIMENSION + 1),
        place.saying({"data": [{"embedding": [1, 2, 3, 4]}] * 3}),
        place.saying({"data": [{"embedding": []}]}),
        place.raw(b'{"data":[{"embedding":[1e39,0,0,0]}]}'),
        place.saying({"data": [{"embedding": [1, 2, 3, "x"]}]}),
    ],
)
def test_vectors_that_are_none_are_refused(
    service: place.EndpointPlace, behave: place.Behaviour
) -> None:
    service.behave = behave
    with pytest.raises(Unavailable, match="nonsense"):
        EndpointEmbedder(settings(service), sleep=lambda _: None).embed(["a"])


def test_the_first_answer_tells_the_dimension_and_the_next_are_checked(
    service: place.EndpointPlace,
) -> None:
    embedder = EndpointEmbedder(settings(service, dimensions=0), sleep=lambda _: None)
    embedder.probe()
    assert embedder.dimension == DIMENSION
    service.behave = place.embeddings(DIMENSION - 1)
    with pytest.raises(Unavailable, match=r"vectors of \[3\] numbers, not 4"):
        embedder.embed(["a"])


def stumbling(behave: place.Behaviour, *, most: int = 100) -> place.Behaviour:
    """Of a service that gives no vectors where a text is ill, or where there are too many."""

    def act(link: Any, request: place.Request) -> None:
        texts = request.body["input"]
        ill = len(texts) > most or any("ill" in text for text in texts)
        (behave if ill else place.embeddings(DIMENSION))(link, request)

    return act


@pytest.mark.parametrize(
    "behave",
    [
        place.saying({}, 400),
        place.saying({}, 422),
        place.saying({}, 500),
        place.raw(b'{"data":[{"embedding":[NaN,0,0,0]}]}'),
        place.embeddings(DIMENSION + 1),
    ],
)
def test_a_text_that_is_refused_keeps_no_other_from_its_vector(
    service: place.EndpointPlace, behave: place.Behaviour
) -> None:
    texts = ["aaaa", "bbbb", "ill", "cccc", "dddd"]
    service.behave = stumbling(behave)

    found = EndpointEmbedder(settings(service), sleep=lambda _: None).embed(texts)

    assert [bool(row.any()) for row in found] == [True, True, False, True, True]
    service.behave = place.embeddings(DIMENSION)
    alone = EndpointEmbedder(settings(service)).embed(texts)
    assert np.allclose(found[[0, 1, 3, 4]], alone[[0, 1, 3, 4]])


def test_a_service_that_takes_fewer_texts_at_once_is_given_fewer(
    service: place.EndpointPlace,
) -> None:
    service.behave = stumbling(place.saying({}, 413), most=1)
    found = EndpointEmbedder(settings(service), sleep=lambda _: None).embed(["aaaa", "bbbb", "c"])
    assert found.any(axis=1).all()


def test_a_text_that_is_taken_at_last_has_its_vector(service: place.EndpointPlace) -> None:
    left = [4]

    def now_and_then(link: Any, request: place.Request) -> None:
        left[0] -= request.body["input"] == ["aaaa"]
        ill = request.body["input"] == ["aaaa"] and left[0] >= 0
        (place.saying({}, 500) if ill else place.embeddings(DIMENSION))(link, request)

    service.behave = now_and_then
    assert EndpointEmbedder(settings(service), sleep=lambda _: None).embed(["aaaa"]).any()


# --- questions ----------------------------------------------------------------------------


def questions(
    service: place.EndpointPlace, now: list[float], query_timeout_s: float = 10
) -> QuestionEmbedder:
    made = settings(service, query_timeout_s=query_timeout_s)
    return QuestionEmbedder(EndpointEmbedder(made), made, clock=lambda: now[0])


def test_a_question_is_asked_once_and_shortly(service: place.EndpointPlace) -> None:
    asker = questions(service, [0.0])
    assert asker.embed(["aaaa"]).shape == (1, DIMENSION)
    for behave in (place.never, place.dripping_head, place.dripping):
        service.behave = behave
        began = time.monotonic()
        with pytest.raises(Unavailable, match="timeout"):
            questions(service, [0.0], query_timeout_s=0.3).embed(["a"])
        assert time.monotonic() - began < 10, "it has no end"


def test_after_a_failure_nobody_waits_for_a_while(service: place.EndpointPlace) -> None:
    now = [0.0]
    asker = questions(service, now)
    service.behave = place.saying({}, 500)
    for rest_s in (*REST_S, REST_S[-1]):
        with pytest.raises(Unavailable, match="500"):
            asker.embed(["a"])
        asked = len(service.asked)
        now[0] += rest_s - 0.1
        with pytest.raises(Unavailable, match="a moment ago"):
            asker.embed(["a"])
        assert len(service.asked) == asked
        now[0] += 0.2
    service.behave = place.embeddings(DIMENSION)
    asker.embed(["a"])
    asker.embed(["a"])
