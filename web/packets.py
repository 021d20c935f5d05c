"""Socket.IO's packets as its protocol allows a client to send them.

Owns what is wrong with a packet, in words for the client. It knows no connection and no
event; whether the namespace is joined is namespaces.py.
"""

from __future__ import annotations

import re
from typing import Any

from socketio import packet

MOST_ATTACHMENTS = 16  # binary ones of users' own events; each is held until the last came
EVENTS = (packet.EVENT, packet.BINARY_EVENT)
BINARY = (packet.BINARY_EVENT, packet.BINARY_ACK)
_FROM_CLIENTS = frozenset(range(packet.BINARY_ACK + 1)) - {packet.CONNECT_ERROR}
_BINARY_HEAD = re.compile("[56][0-9]+-")
_ILL = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Malformed(Exception):
    """What came is no Socket.IO packet, or none that may come now. It ends the connection."""


class CheckedPacket(packet.Packet):  # type: ignore[misc] # the package has no types
    """Raises Malformed instead of whatever decoding ran into."""

    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str):
            raise Malformed("Binary came that no packet announced, or JSON that is no packet")
        try:
            attachments: int = super().decode(encoded_packet)
        except _ILL:
            raise Malformed("The packet cannot be read") from None
        if self.packet_type not in _FROM_CLIENTS:
            raise Malformed("The packet is of no known type")
        if attachments > MOST_ATTACHMENTS:
            raise Malformed(f"More than {MOST_ATTACHMENTS} attachments are announced")
        if self.packet_type in BINARY and not _BINARY_HEAD.match(encoded_packet):
            raise Malformed("The packet announces no number of attachments")
        wrong = self._wrong_content()
        if wrong:
            raise Malformed(wrong)
        return attachments

    def add_attachment(self, attachment: Any) -> bool:
        if not isinstance(attachment, bytes):
            raise Malformed("An attachment was announced and something else came")
        try:
            return bool(super().add_attachment(attachment))
        except _ILL:
            raise Malformed("The packet's attachments cannot be read") from None

    def _wrong_content(self) -> str:
        """Against the protocol; '': nothing."""
        kind, content = self.packet_type, self.data
        if kind == packet.CONNECT:
            fits = content is None or isinstance(content, dict)
            return "" if fits else "The content of CONNECT is an object"
        if kind == packet.DISCONNECT:
            return "" if content is None else "DISCONNECT has no content"
        if kind in EVENTS:
            fits = isinstance(content, list) and bool(content) and isinstance(content[0], str | int)
            return "" if fits else "An event is a list that begins with its name"
        fits = isinstance(content, list) and self.id is not None
        return "" if fits else "An acknowledgement is an id and a list"
