"""What nodes tell one another about agents: calls given or taken, access taken back.

Owns the channels beside the calls' own. A notice may be lost; what it says is looked up
again when an agent connects.
"""

from __future__ import annotations

import msgspec
import redis
from msgspec import Struct

REVOCATIONS = "earshot:revocations"


class Revocation(Struct, frozen=True):
    tenant: str
    agent_id: str


_decode = msgspec.json.Decoder(Revocation).decode


def publish_revocation(client: redis.Redis, tenant: str, agent_id: str) -> None:
    client.publish(REVOCATIONS, msgspec.json.encode(Revocation(tenant, agent_id)))


def parse_revocation(raw: bytes) -> Revocation | None:
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
