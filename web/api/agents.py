"""Agents over HTTP: taking back their access, and tokens in development.

Owns no session and no key. Tokens are handed out only where the settings say that this is
development; elsewhere there is nothing at that address.
"""

from __future__ import annotations

from engine.answers import Token, TokenBody
from engine.errors import NotFound
from engine.times import instant_at
from web.api.answering import Answer
from web.api.routing import ADMINS, OPEN, Asked, Route, json_of
from web.api.seam import Node

TENANT = "default"  # of the tokens made here


def revoke(node: Node, asked: Asked) -> Answer:
    node.revoke(asked.identity.tenant, asked.ids["agent_id"])
    node.audit.note(asked.identity, "agent.revoked", agent_id=asked.ids["agent_id"])
    return Answer(None, 204)


def token(node: Node, asked: Asked) -> Answer:
    body: TokenBody = asked.body
    now = node.clock.wall()
    try:
        text, expires_at = node.tokens.issue(body.agent_id, body.role, TENANT, now)
    except ValueError:
        raise NotFound("Tokens are made by your identity provider") from None
    return Answer(Token(text, instant_at(expires_at)))


ROUTES = [
    Route(
        "POST",
        "/v1/agents/{agent_id}/revoke",
        revoke,
        "revoke an agent",
        {204: None},
        ADMINS,
        ("unavailable",),
        notes="Closes the agent's connections on every node within a second, and refuses tokens "
        "issued until now. An agent nobody knows is no error.",
    ),
]
DEVELOPMENT_ROUTES = [
    Route(
        "POST",
        "/v1/tokens",
        token,
        "make a token",
        {200: Token},
        OPEN,
        ("not_found",),
        body=json_of(TokenBody),
        notes="Development only: a token for anybody who asks.",
    ),
]
