"""Packets of one connection to the namespaces it joined, as Socket.IO's protocol has it.

Owns who may say what when: CONNECT first, once for each namespace, and nothing to one that is
not joined. What events mean is python-socketio's, and sockets.py's for ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from socketio import packet

from web.packets import BINARY, EVENTS, Malformed

MAIN = "/"
MOST_EARLY = 64  # events held until the namespace is joined; one more and they go out before it


def install(server: Any) -> None:
    """Correct this socketio.Server, whose packet class must be CheckedPacket. From here on its
    `_handle_eio_message` raises Malformed, after which the connection has to be closed. Install
    it after whatever replaces `_handle_event`, or before: both are looked up at each packet."""
    namespaces = _Namespaces(server)
    # python-socketio has no seam here but its own methods, looked up on the instance.
    server._handle_eio_message = namespaces.take
    server._send_eio_packet = namespaces.send_eio_packet
    server._send_packet = namespaces.send_packet


class _Namespaces:
    def __init__(self, server: Any) -> None:
        self._server = server
        self._send_packet = server._send_packet
        self._send_eio_packet = server._send_eio_packet
        self._early: dict[str, list[Callable[[], None]]] = {}  # by transport that is joining

    # --- in -------------------------------------------------------------------------------

    def take(self, eio_sid: str, message: Any) -> None:
        """A message of a client, a text or an attachment. Raises Malformed."""
        server = self._server
        found = server._binary_packet.pop(eio_sid, None)
        if found is None and not message:
            raise Malformed("The packet is empty")
        if found is None:
            found = server.packet_class(encoded_packet=message)
            is_whole = found.packet_type not in BINARY or not found.attachment_count
        else:
            is_whole = found.add_attachment(message)
        kind, namespace = found.packet_type, found.namespace or MAIN
        if kind == packet.CONNECT:
            self._join(eio_sid, namespace, found.data)
        elif kind == packet.DISCONNECT:
            server._handle_disconnect(eio_sid, namespace, server.reason.CLIENT_DISCONNECT)
        elif server.manager.sid_from_eio_sid(eio_sid, namespace) is None:
            raise Malformed("The namespace is not joined")
        elif not is_whole:
            server._binary_packet[eio_sid] = found
        elif kind in EVENTS:
            server._handle_event(eio_sid, namespace, found.id, found.data)
        else:
            server._handle_ack(eio_sid, namespace, found.id, found.data)

    def _join(self, eio_sid: str, namespace: str, auth: Any) -> None:
        server = self._server
        if not self._is_known(namespace):
            error = {"message": "Invalid namespace"}
            refusal = server.packet_class(packet.CONNECT_ERROR, data=error, namespace=namespace)
            server._send_packet(eio_sid, refusal)
            return
        if server.manager.sid_from_eio_sid(eio_sid, namespace) is not None:
            raise Malformed("The namespace is joined already")
        early: list[Callable[[], None]] = []
        self._early[eio_sid] = early
        try:
            server._handle_connect(eio_sid, namespace, auth)
        finally:
            del self._early[eio_sid]
            _release(early)

    def _is_known(self, namespace: str) -> bool:
        server = self._server
        handled = namespace in server.handlers or namespace in server.namespace_handlers
        return handled or server.namespaces == "*" or namespace in server.namespaces

    # --- out ------------------------------------------------------------------------------

    def send_eio_packet(self, eio_sid: str, sent: Any) -> None:
        """An event for several. One that a handler of `connect` emits follows CONNECT."""
        send = partial(self._send_eio_packet, eio_sid, sent)
        if not self._hold(eio_sid, send):
            send()

    def send_packet(self, eio_sid: str, sent: Any) -> None:
        send = partial(self._send_packet, eio_sid, sent)
        if sent.packet_type not in EVENTS or not self._hold(eio_sid, send):
            send()

    def _hold(self, eio_sid: str, send: Callable[[], None]) -> bool:
        early = self._early.get(eio_sid)
        if early is None:
            return False
        early.append(send)
        if len(early) > MOST_EARLY:
            _release(early)
        return True


def _release(early: list[Callable[[], None]]) -> None:
    held = early.copy()
    early.clear()
    for send in held:
        send()
