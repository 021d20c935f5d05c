"""Which claim says who somebody is: every identity provider has its own names."""

from __future__ import annotations

from typing import Any

import pytest

from engine.claims import who
from engine.config import Tokens
from engine.errors import Unauthenticated

AGENT = ("a", "agent", "default")
URL = "https://us.example/role"
GROUPS = {"cc-leads": "supervisor", "cc-agents": "agent"}


@pytest.mark.parametrize(
    ("fields", "claims", "found"),
    [
        ({}, {"sub": "a", "role": "agent"}, AGENT),
        ({}, {"sub": "a", "role": "agent", "tenant": "t"}, ("a", "agent", "t")),
        ({"agent_claim": "n"}, {"n": "a@b.c", "role": "admin"}, ("a@b.c", "admin", "default")),
        ({"role_claim": URL}, {"sub": "a", URL: "agent"}, AGENT),
        ({"role_claim": "x.roles"}, {"sub": "a", "x": {"roles": ["y", "agent"]}}, AGENT),
        ({"roles": GROUPS}, {"sub": "a", "role": ["cc-agents", "cc-leads"]},
         ("a", "supervisor", "default")),
        ({"tenant_claim": "org.id"}, {"sub": "a", "role": "agent", "org": {"id": "acme"}},
         ("a", "agent", "acme")),
    ],
)  # fmt: skip
def test_claims_are_found_under_the_names_of_the_settings(
    fields: dict[str, Any], claims: dict[str, Any], found: tuple[str, str, str]
) -> None:
    assert who(claims, Tokens(**fields)) == found


@pytest.mark.parametrize(
    ("fields", "claims", "named"),
    [
        ({"agent_claim": "email"}, {"sub": "a", "role": "agent"}, "`email` is not an id"),
        ({"role_claim": "a.b.c"}, {"sub": "a", "a": {"b": 1}}, "`a.b.c` is missing or unknown"),
        ({"roles": GROUPS}, {"sub": "a", "role": "admin"}, "`role` is missing or unknown"),
        ({"roles": GROUPS}, {"sub": "a", "role": [["cc-leads"], {}, None]}, "`role` is missing"),
        ({"tenant_required": True}, {"sub": "a", "role": "agent"}, "`tenant` is missing"),
        ({"tenant_claim": "org"}, {"sub": "a", "role": "agent", "org": {}}, "`org` is not an id"),
        ({}, {"sub": "a", "role": "agent", "tenant": None}, "`tenant` is not an id"),
    ],
)
def test_a_claim_that_says_nothing_is_named(
    fields: dict[str, Any], claims: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        who(claims, Tokens(**fields))
    assert named in refused.value.message
