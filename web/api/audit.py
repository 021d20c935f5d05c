"""The audit over HTTP: a tenant's trail as JSON lines, page by page.

Owns the paging. What is noted, and for how long it is kept, is engine/audit.py's.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from engine.audit import PAGE_LIMIT, Kept
from web.api.answering import LINES, Answer
from web.api.routing import ADMINS, Asked, Route
from web.api.seam import Node

_encode = msgspec.json.Encoder().encode_lines


class AuditQuery(Struct):
    after: Annotated[
        str,
        Meta(
            pattern=r"^([0-9]{1,15}-[0-9]{1,15})?$(?!\n)", description="`id` of the last line read"
        ),
    ] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = 200


def entries(node: Node, asked: Asked) -> Answer:
    query: AuditQuery = asked.query
    found = node.audit_entries(asked.identity.tenant, query.after, query.limit)
    return Answer(_encode(found), media=LINES)


ROUTES = [
    Route(
        "GET",
        "/v1/audit",
        entries,
        "read the audit",
        {200: Kept},
        ADMINS,
        ("unavailable",),
        query=AuditQuery,
        media=LINES,
        notes="Who watched which call, and who changed what, of the tenant, oldest first, one "
        "entry a line. Ask again with `after` = the last `id`; an empty page is the end. No entry "
        "holds what was said. It lags behind by a fraction of a second.",
    ),
]
