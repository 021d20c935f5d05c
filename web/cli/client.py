"""Earshot's HTTP API, as the command line uses it.

Owns one keep-alive connection, and the two ways a request can fail: refused by the server
with a code, or not answered by an Earshot at all. It never retries beyond renewing a token
that ended; who calls it decides what patience is worth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter

from web.cli.bearer import Bearer
from web.cli.failures import Away, Refused

CONNECT_S = 3.0
ANSWER_S = 15.0
_LINES = "application/x-ndjson"  # answered as a list of text lines
_JSON = {"Content-Type": "application/json"}
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


def session_for(url: str) -> requests.Session:
    """A session that does not send requests to this machine through a proxy."""
    session = requests.Session()
    session.trust_env = urlsplit(url).hostname not in _LOOPBACK
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class Api:
    """One connection to one server; not to be shared by threads. Close it after use."""

    def __init__(self, url: str, bearer: Bearer | None = None) -> None:
        self._url = url.rstrip("/")
        self._bearer = bearer
        self._session = session_for(url)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, **query: str | int | None) -> Any:
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Any) -> Any:
        return self.request("POST", path, body)

    def patch(self, path: str, body: Any, *, answer_s: float = ANSWER_S) -> Any:
        return self.request("PATCH", path, body, answer_s=answer_s)

    def put(self, path: str, body: Any, *, answer_s: float = ANSWER_S) -> Any:
        return self.request("PUT", path, body, answer_s=answer_s)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str | int | None] | None = None,
        answer_s: float = ANSWER_S,
    ) -> Any:
        """The decoded answer. Raises Refused or Away.

        `path` is what follows the server's address, ids quoted with `segment`.
        """
        token = self._bearer.token() if self._bearer else None
        try:
            return self._once(method, path, body, query, answer_s, token)
        except Refused as refusal:
            stale = refusal.code in ("expired", "unauthenticated")
            if self._bearer is None or not stale or not self._bearer.renew(token):
                raise
        return self._once(method, path, body, query, answer_s, self._bearer.token())

    def _once(
        self,
        method: str,
        path: str,
        body: Any,
        query: dict[str, str | int | None] | None,
        answer_s: float,
        token: str | None,
    ) -> Any:
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=None if body is None else msgspec.json.encode(body),
                headers=None if body is None else _JSON,
                params=query,
                auth=_Authorization(token),
                timeout=(CONNECT_S, answer_s),
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise Away(self._url, _reason(problem)) from None
        return _answer(self._url, response)


class _Authorization(requests.auth.AuthBase):
    """As `auth`, because a plain header is overwritten by what stands in a .netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def segment(text: str) -> str:
    """An id as one segment of a path."""
    return quote(text, safe="")


def ready(url: str) -> bool:
    """Whether the server takes traffic."""
    try:
        with Api(url) as api:
            api.request("GET", "/readyz", answer_s=2.0)
    except (Refused, Away):
        return False
    return True


def await_ready(url: str, *, within_s: float, alive: Callable[[], bool]) -> bool:
    """Waits until the server is ready; False when it is not in time or `alive()` ends."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and alive():
        if ready(url):
            return True
        time.sleep(0.05)
    return False


def _answer(url: str, response: requests.Response) -> Any:
    if response.status_code < 300 and response.headers.get("Content-Type", "").startswith(_LINES):
        return response.text.splitlines()
    try:
        value = response.json() if response.content else None
    except ValueError:
        value = None
    if response.status_code < 300:
        return value
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and isinstance(error.get("code"), str):
        raise Refused.from_error(error)
    if response.status_code >= 500:
        # A proxy's own page while the server behind it restarts.
        raise Away(url, f"answered {response.status_code}")
    raise Refused(
        "bad_request",
        f"{url} answered {response.status_code} without an Earshot error; is it an Earshot?",
    )


def _reason(problem: requests.RequestException) -> str:
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return f"no connection within {CONNECT_S:.0f} s"
    if isinstance(problem, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(problem, requests.exceptions.SSLError):
        return "the TLS certificate was not accepted"
    if isinstance(problem, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return "this is not an http:// or https:// address"
    return reason_of(str(problem))


def reason_of(text: str) -> str:
    """Why there was no connection, out of a library's long words for it."""
    if "refused" in text:
        return "connection refused"
    if "resolve" in text or "Name or service" in text:
        return "the name is not known"
    return "the connection broke"
