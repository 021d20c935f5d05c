"""The knowledge base as a whole: what is served of it, and how it fares.

Owns two answers for those who own the documents. Documents themselves are documents.py's.
"""

from __future__ import annotations

from engine.knowledge.report_shapes import KnowledgeReport
from web.api.answering import Answer
from web.api.routing import ADMINS, ANY_ROLE, Asked, Route
from web.api.seam import Node
from web.api.shapes import KnowledgeState

NO_DOCUMENTS = "there are no documents, so nothing is suggested"


def state(node: Node, asked: Asked) -> Answer:
    tenant = asked.identity.tenant
    found = node.suggester.state(tenant)
    if found.ranking == "ok":
        found.current = found.version == node.documents.version(tenant)
    else:  # nobody has read them yet
        found.documents = node.documents.count(tenant)
    if not found.documents:
        found.why = NO_DOCUMENTS
    return Answer(found)


def report(node: Node, asked: Asked) -> Answer:
    return Answer(node.suggester.report(asked.identity.tenant))


ROUTES = [
    Route(
        "GET",
        "/v1/knowledge",
        state,
        "see what is served of the knowledge base",
        {200: KnowledgeState},
        ANY_ROLE,
        ("busy", "unavailable"),
        notes="As the node that answers serves it; another one may be a second behind. `ranking` "
        "is down while its process is being started. `model` is '' where words alone rank; `why` "
        "says why that is, or why nothing is suggested.",
    ),
    Route(
        "GET",
        "/v1/knowledge/report",
        report,
        "see how documents fare and what is missing",
        {200: KnowledgeReport},
        ADMINS,
        ("busy", "unavailable"),
        notes="Best and worst by the verdicts of agents, what was never shown, and what customers "
        "asked for and no document was good enough for, as long as their calls are kept.",
    ),
]
