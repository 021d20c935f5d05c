"""A polling client's POST: bytes into Engine.IO packets.

Owns the bounds of one payload and what an ill one is. Handles no packet.
"""

from __future__ import annotations

from typing import Any

from engineio import exceptions
from engineio.payload import Payload

# What python-engineio reads of one payload; its clients refuse a longer one, and its server
# would write all that waits into one.
PACKETS_IN_AN_ANSWER = Payload.max_decode_packets
PACKETS_IN_A_POST = 500  # of a client that polls; maxPayload bounds their bytes


class _Post(Payload):  # type: ignore[misc] # it has no types
    max_decode_packets = PACKETS_IN_A_POST


def read_post(environ: dict[str, Any], most_bytes: int) -> list[Any]:
    """Raises EngineIOError: longer than `most_bytes`, or no payload."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > most_bytes:
            raise exceptions.ContentTooLongError
        body = environ["wsgi.input"].read(length).decode()
        packets: list[Any] = _Post(encoded_payload=body).packets
    except (ValueError, LookupError, RecursionError):
        raise exceptions.UnknownPacketError from None
    return packets
