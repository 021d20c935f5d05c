"""An embedding model behind OpenAI's HTTP, in place of the shipped one.

Owns the request, the check of what comes back, and when to ask again: patiently for
documents, once and shortly for a question, and not at all for a while after one that
failed, so that words alone answer without waiting. A text that the service takes from nobody
keeps no other from its vector. It keeps none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from threading import Thread

import msgspec
import numpy as np
from msgspec import Struct

from engine.config import Embedding
from engine.errors import Unavailable
from engine.http_endpoint import EndpointError, HttpEndpoint, nonsense, read_as
from engine.knowledge.embedding import Matrix

log = logging.getLogger("earshot.knowledge")

FIRST_PAUSE_S = 0.5  # before a second try; doubles
LONGEST_PAUSE_S = 60.0
WORD = "dimension"  # that any model makes a vector of
REST_S = (2.0, 5.0, 15.0, 30.0)  # after questions that failed, without asking
TRIES_ALONE = 3  # of a text that is refused while others are taken; then it has no vector
AT_ONCE = 4  # requests of questions; a service that hangs holds no more threads


class _Vector(Struct):
    embedding: list[float]
    index: int = -1


class _Answer(Struct):
    data: list[_Vector]


_decode = msgspec.json.Decoder(_Answer).decode


class EndpointEmbedder:
    """`dimension` is the setting's, else that of a first answer: see `probe`."""

    def __init__(
        self,
        settings: Embedding,
        endpoint: HttpEndpoint | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint or HttpEndpoint(settings.base_url, settings.key)
        self._sleep = sleep
        self.model = f"endpoint:{settings.model}"
        self.dimension = settings.dimensions

    def probe(self) -> None:
        """Ask once, to learn the dimension or that it is as the setting says. Raises
        Unavailable, saying why."""
        try:
            self.dimension = self.ask([WORD], self._settings.timeout_s).shape[1]
        except EndpointError as problem:
            raise _unavailable(problem) from None

    def embed(self, texts: Sequence[str]) -> Matrix:
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        size = self._settings.batch
        for start in range(0, len(texts), size):
            found[start : start + size] = self._made(texts[start : start + size])
        return found

    def _made(self, texts: Sequence[str]) -> Matrix:
        """Of a batch that is refused each half is asked for, down to the text that is the
        reason; it gets zeros, as a text without a word does, and is found by its words."""
        try:
            return self._insist(texts)
        except EndpointError as problem:
            if not problem.of_body or not self._answers():
                raise _unavailable(problem) from None
        if len(texts) == 1:
            return self._alone(texts)
        half = len(texts) // 2
        return np.concatenate([self._made(texts[:half]), self._made(texts[half:])])

    def _alone(self, texts: Sequence[str]) -> Matrix:
        """A service that fails now and then must not cost a text its vector."""
        for left in reversed(range(TRIES_ALONE - 1)):
            try:
                return self._insist(texts)
            except EndpointError as problem:
                if not problem.of_body or not self._answers():
                    raise _unavailable(problem) from None
                if not left:
                    log.warning("embedding.text_passed_over reason=%s", _unavailable(problem))
        return np.zeros((1, self.dimension), dtype=np.float32)

    def _answers(self) -> bool:
        """Whether it makes a vector of a word."""
        try:
            self.ask([WORD], self._settings.timeout_s)
        except EndpointError:
            return False
        return True

    def _insist(self, texts: Sequence[str]) -> Matrix:
        pause_s = FIRST_PAUSE_S
        for left in reversed(range(self._settings.retries + 1)):
            try:
                return self.ask(texts, self._settings.timeout_s)
            except EndpointError as problem:
                if not left or not problem.again:
                    raise
                wait_s = pause_s if problem.retry_after_s is None else problem.retry_after_s
            self._sleep(min(wait_s, LONGEST_PAUSE_S))
            pause_s *= 2
        raise AssertionError("unreachable")

    def ask(self, texts: Sequence[str], timeout_s: float) -> Matrix:
        """One request. Raises EndpointError, also for vectors that are none."""
        # A service refuses an empty text; a space is embedded and not found by anything.
        inputs = [text or " " for text in texts]
        body = {"model": self._settings.model, "input": inputs, "encoding_format": "float"}
        raw = self._endpoint.post("/embeddings", body, timeout_s)
        vectors = read_as(_decode, raw, "the answer holds no vectors").data
        if len(vectors) != len(texts):
            raise nonsense(f"{len(vectors)} vectors for {len(texts)} texts")
        if sorted(one.index for one in vectors) == list(range(len(texts))):
            vectors = sorted(vectors, key=lambda one: one.index)
        wanted = self.dimension or len(vectors[0].embedding)
        if any(len(one.embedding) != wanted for one in vectors) or not wanted:
            sizes = sorted({len(one.embedding) for one in vectors})
            raise nonsense(f"vectors of {sizes} numbers, not {wanted}")
        with np.errstate(over="ignore"):  # said below
            found = np.array([one.embedding for one in vectors], dtype=np.float32)
        if not np.isfinite(found).all():
            raise nonsense("a vector holds what is no number")
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        normal: Matrix = found / np.maximum(lengths, np.float32(1e-9))
        return normal


class QuestionEmbedder:
    """The same model for questions: an answer within `query_timeout_s`, or words alone."""

    def __init__(
        self, documents: EndpointEmbedder, settings: Embedding,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._asker = documents
        self._timeout_s = settings.query_timeout_s
        self._clock = clock
        self._under_way = 0
        self._rest_until = 0.0
        self._failures = 0

    @property
    def model(self) -> str:
        return self._asker.model

    @property
    def dimension(self) -> int:
        return self._asker.dimension

    @property
    def resting(self) -> bool:
        """The last question failed: words alone rank for now."""
        return self._failures > 0

    def embed(self, texts: Sequence[str]) -> Matrix:
        if self._clock() < self._rest_until:
            raise Unavailable("The embedding endpoint failed a moment ago")
        if self._under_way >= AT_ONCE:
            raise Unavailable("The embedding endpoint has not answered earlier questions")
        # In a thread, which the process does not wait for: an answer that drips is given up.
        self._under_way += 1
        future: Future[Matrix] = Future()
        Thread(target=self._ask, args=(texts, future), name="question", daemon=True).start()
        try:
            found = future.result(self._timeout_s * 1.2)
        except (EndpointError, Late) as problem:
            rest_s = REST_S[min(self._failures, len(REST_S) - 1)]
            self._failures += 1
            self._rest_until = self._clock() + rest_s
            late = EndpointError("timeout", "no answer in time", again=True)
            raise _unavailable(late if isinstance(problem, Late) else problem) from None
        self._failures = 0
        return found

    def _ask(self, texts: Sequence[str], future: Future[Matrix]) -> None:
        try:
            future.set_result(self._asker.ask(texts, self._timeout_s))
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits
            future.set_exception(problem)
        finally:
            self._under_way -= 1


def _unavailable(problem: EndpointError) -> Unavailable:
    return Unavailable(f"The embedding endpoint: {problem.why}, {problem}")
