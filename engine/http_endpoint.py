"""A service that is asked over HTTP with JSON and answers with JSON, or does not.

Owns one request to it: its time, the size of its answer, and what each way of failing is
called. It retries nothing and knows no model. `requests` does the HTTP, so proxies and
certificates of the environment are honoured; under gevent it waits in its greenlet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
import requests
import urllib3
from requests.auth import AuthBase

T = TypeVar("T")

MOST_BYTES = 8_000_000  # of an answer: 2,048 vectors of 384 numbers as text
CONNECT_S = 5.0
_READ = 65_536

# What is mostly the matter, for who set the service up.
_HINTS = {
    401: " (its key is missing or wrong)",
    403: " (its key may not do this)",
    404: " (is base_url right, and does it end before the path? Is there such a model?)",
}

OF_BODY = (400, 413, 422)  # too long, too many, not allowed

Why = Literal["timeout", "unreachable", "rate_limited", "refused", "fault", "nonsense", "too_large"]


class EndpointError(Exception):
    """`why` it gave no answer. `again`: the same request may succeed later, after
    `retry_after_s` if the service said so. `of_body`: another body may succeed now. The message
    holds nothing that was sent."""

    def __init__(
        self,
        why: Why,
        message: str,
        *,
        again: bool,
        retry_after_s: float | None = None,
        of_body: bool = False,
    ) -> None:
        super().__init__(message)
        self.why = why
        self.again = again
        self.retry_after_s = retry_after_s
        self.of_body = of_body


class _Bearer(AuthBase):
    """As an AuthBase, or a .netrc of the machine would take its place."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class HttpEndpoint:
    """`base_url` ends before the path, e.g. https://api.example.com/v1. Safe from threads."""

    def __init__(
        self, base_url: str, key: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._bearer = _Bearer(key)
        self._session = requests.Session()
        self._clock = clock

    def post(self, path: str, body: Any, timeout_s: float) -> bytes:
        """The body of an answer 200. Raises EndpointError. `timeout_s` bounds each wait and
        the whole of the body; only a head that drips byte by byte takes longer, and a caller
        who minds has a time-out of its own around this."""
        deadline = self._clock() + timeout_s
        try:
            response = self._session.post(
                self._base_url + path,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                auth=self._bearer,
                timeout=(min(CONNECT_S, timeout_s), timeout_s),
                stream=True,
                allow_redirects=False,
            )
            with response:
                if response.status_code != 200:
                    raise _refusal(response)
                return self._read(response, deadline)
        except requests.Timeout:
            raise EndpointError("timeout", "no answer in time", again=True) from None
        except urllib3.exceptions.ReadTimeoutError:
            raise EndpointError("timeout", "no answer in time", again=True) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            name = type(problem).__name__
            raise EndpointError("unreachable", f"not reachable: {name}", again=True) from None

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        # read1 gives what has come; `iter_content` waits until a chunk is full, drip by drip.
        while chunk := response.raw.read1(_READ, decode_content=True):
            size += len(chunk)
            if size > MOST_BYTES:
                raise EndpointError(
                    "too_large", f"more than {MOST_BYTES:,} bytes", again=False, of_body=True
                )
            if self._clock() > deadline:
                raise EndpointError("timeout", "the answer came too slowly", again=True)
            chunks.append(chunk)
        return b"".join(chunks)


def _refusal(response: requests.Response) -> EndpointError:
    """The body is not looked at: services repeat in it what they were sent."""
    status = response.status_code
    after_s = _seconds(response.headers.get("Retry-After"))
    message = f"answered {status}{_HINTS.get(status, '')}"
    if status == 429:
        return EndpointError("rate_limited", message, again=True, retry_after_s=after_s)
    if status >= 500 or status == 408:
        of_body = status == 500  # a model that stumbles over a text says so
        return EndpointError("fault", message, again=True, retry_after_s=after_s, of_body=of_body)
    return EndpointError("refused", message, again=False, of_body=status in OF_BODY)


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; a date is not worth a clock that may differ."""
    try:
        seconds = float(text) if text is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < 86_400 else None


def read_as(decode: Callable[[bytes], T], raw: bytes, nothing: str) -> T:
    """An answer's body as what it should be. Raises EndpointError, saying `nothing`."""
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last of brackets by thousands
        raise nonsense(nothing) from None


def nonsense(message: str) -> EndpointError:
    return EndpointError("nonsense", message, again=False, of_body=True)
