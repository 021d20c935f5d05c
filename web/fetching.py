"""One request to a server that is not ours: bounded in time and size, redirects not followed.

Owns the bounds. Runs in a greenlet: a slow server holds up nobody but who asks.
"""

from __future__ import annotations

import gevent
import requests


class FetchFailed(Exception):
    """No usable answer; the message says why, without what was sent."""


def fetch(url: str, *, timeout_s: float, most_bytes: int) -> bytes:
    """The body of a 200, at most one byte longer than `most_bytes`. Raises FetchFailed."""
    limit = gevent.Timeout(timeout_s)
    try:
        with (
            limit,
            requests.get(
                url,
                stream=True,
                timeout=timeout_s,  # of each step; `limit` is of all
                allow_redirects=False,
                headers={"Accept": "application/json"},
            ) as response,
        ):
            if response.status_code != 200:
                raise FetchFailed(f"answered {response.status_code}")
            return bytes(response.raw.read(most_bytes + 1, decode_content=True))
    except gevent.Timeout as ended:
        if ended is not limit:
            raise
        raise FetchFailed(f"no answer within {timeout_s:g} s") from None
    except (requests.RequestException, OSError, ValueError) as problem:
        raise FetchFailed(f"{type(problem).__name__}: {problem}") from None
