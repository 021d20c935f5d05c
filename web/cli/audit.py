"""The audit of a server, line by line.

Owns the walk from page to page. The lines are the server's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from web.cli.client import Api

PAGE = 1_000


def lines(api: Api, after: str) -> Iterator[str]:
    """Every entry behind the one with the id `after` ('' all). Raises Refused or Away."""
    while True:
        page: list[str] = api.get("/v1/audit", after=after, limit=PAGE) or []
        yield from page
        if len(page) < PAGE:
            return
        after = json.loads(page[-1])["id"]
