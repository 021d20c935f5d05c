"""From a token's claims to who somebody is, by the settings' mapping.

Owns which claim holds what: every identity provider has its own names. A claim is looked up by
its whole name first (names may be URLs), then along its dots (`realm_access.roles`). It judges
no signature and no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.config import Tokens as Settings
from engine.errors import Unauthenticated
from engine.wire import Role

_ID = re.compile(r"[A-Za-z0-9_.:@|+*-]{1,128}\Z")
_STRONGEST: tuple[Role, ...] = ("admin", "supervisor", "producer", "agent")


def who(claims: Mapping[str, Any], settings: Settings) -> tuple[str, Role, str]:
    """(agent_id, role, tenant). Raises Unauthenticated naming the claim at fault."""
    agent_id = claim(claims, settings.agent_claim)
    if not isinstance(agent_id, str) or not _ID.match(agent_id):
        raise _ill(settings.agent_claim, "is not an id")
    role = _role(claim(claims, settings.role_claim), settings.roles)
    if role is None:
        raise _ill(settings.role_claim, "is missing or unknown")
    tenant = claim(claims, settings.tenant_claim, absent="default")
    if settings.tenant_required and claim(claims, settings.tenant_claim) is None:
        raise _ill(settings.tenant_claim, "is missing")
    if not isinstance(tenant, str) or not _ID.match(tenant):
        raise _ill(settings.tenant_claim, "is not an id")
    return agent_id, role, tenant


def claim(claims: Mapping[str, Any], name: str, absent: Any = None) -> Any:
    """Its value, by name, else along the dots of it."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return absent
        value = value[part]
    return value


def _role(given: Any, names: Mapping[str, Role]) -> Role | None:
    """Providers give one role or a list of groups; of several of ours the strongest counts."""
    listed = given if isinstance(given, list) else [given]
    found = set()
    for one in listed:
        if isinstance(one, str):
            found.add(names.get(one) if names else one)
    return next((role for role in _STRONGEST if role in found), None)


def _ill(name: str, why: str) -> Unauthenticated:
    return Unauthenticated(f"The token's `{name}` {why}", field="auth_token")
