"""Engine.IO's transport, made polite: what goes into one payload, and what ill input does.

Owns the corrections of python-engineio's socket and of python-socketio's packet. It knows no
event and no call.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import engineio.server
import engineio.socket
from engineio import exceptions
from engineio.payload import Payload
from socketio import packet

# What python-engineio reads of one payload; its clients refuse a longer one, and its server
# would write all that waits into one.
PACKETS_IN_AN_ANSWER = Payload.max_decode_packets
MOST_ATTACHMENTS = 16  # binary ones of users' own events; each is held until the last came
PACKETS_IN_A_POST = 500  # of a client that polls; maxPayload bounds their bytes


_FROM_CLIENTS = frozenset(range(packet.BINARY_ACK + 1)) - {packet.CONNECT_ERROR}


class Malformed(Exception):
    """What came is no Socket.IO packet."""


class CheckedPacket(packet.Packet):  # type: ignore[misc]
    """Raises Malformed instead of whatever decoding ran into."""

    def decode(self, encoded_packet: Any) -> int:
        try:
            attachments: int = super().decode(encoded_packet)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise Malformed("The packet cannot be read") from None
        if self.packet_type not in _FROM_CLIENTS:
            raise Malformed("The packet is of no known type")
        if attachments > MOST_ATTACHMENTS:
            raise Malformed(f"More than {MOST_ATTACHMENTS} attachments are announced")
        return attachments

    def add_attachment(self, attachment: Any) -> bool:
        try:
            return bool(super().add_attachment(attachment))
        except (ValueError, TypeError, LookupError):
            raise Malformed("The packet's attachments cannot be read") from None


class _Post(Payload):  # type: ignore[misc]
    max_decode_packets = PACKETS_IN_A_POST


class Transport(engineio.socket.Socket):  # type: ignore[misc]
    """`websocket` is ours (web/websocket.py), once there is one."""

    websocket: Any = None
    _in_hand = 0  # packets the writer greenlet took from the queue and is still sending

    def direct(self) -> Any:
        """The WebSocket's writer, when a frame given to it overtakes nothing: the upgrade is
        complete and Engine.IO's queue is empty. None: use the queue."""
        if self._in_hand or self.websocket is None or not self.upgraded or self.closed:
            return None
        return self.websocket.writer if self.queue.empty() else None

    def is_empty(self) -> bool:
        """Everything that was to be sent has left."""
        waiting = self.websocket is not None and self.websocket.writer.waiting
        return self.queue.empty() and not self._in_hand and not waiting

    def poll(self) -> list[Any]:
        """Wait for packets to send; [] means that the transport is closed."""
        self._in_hand = 0
        queue, server = self.queue, self.server
        empty = server.get_queue_empty_exception()
        try:
            packets = [queue.get(timeout=server.ping_interval + server.ping_timeout)]
            queue.task_done()
        except empty:
            raise exceptions.QueueEmpty from None
        if packets == [None]:
            return []
        while len(packets) < PACKETS_IN_AN_ANSWER:
            try:
                following = queue.get(block=False)
            except empty:
                break
            queue.task_done()
            if following is None:
                queue.put(None)  # for the next poll
                break
            packets.append(following)
        if self.upgraded:
            self._in_hand = len(packets)
        return packets

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """A payload that is ill, or larger than we said, ends the connection with a 400."""
        try:
            for received in self._read_payload(environ):
                self.receive(received)
        except exceptions.EngineIOError:
            # Before the server's own close, which would wait until a poll took what is queued.
            self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            raise

    def _read_payload(self, environ: dict[str, Any]) -> list[Any]:
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if length > self.server.max_http_buffer_size:
                raise exceptions.ContentTooLongError
            body = environ["wsgi.input"].read(length).decode()
            packets: list[Any] = _Post(encoded_payload=body).packets
        except (ValueError, LookupError, RecursionError):
            raise exceptions.UnknownPacketError from None
        return packets

    def _websocket_handler(self, ws: Any) -> Any:
        """A frame that is no packet ends the connection; without this its actor would stay
        until the ping's time-out."""
        self.websocket = getattr(ws, "_sock", None)
        try:
            return super()._websocket_handler(ws)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self.queue.put(None)  # ends the writer, which closes the WebSocket
            self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return []


def install() -> None:
    """python-engineio's server makes its sockets by this name, and has no other seam."""
    engineio.server.socket = SimpleNamespace(Socket=Transport)
