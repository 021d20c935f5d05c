"""Socket.IO events to actors: decode, then tell, with the acknowledgement's id.

Owns the seam between Flask-SocketIO, which stays the front door (connect, namespaces,
polling, upgrade, users' own handlers), and the AgentActors. A command is validated before
it enters a mailbox; anything ill is answered here with a code that names the field.
"""

from __future__ import annotations

import json as plain_json
import logging
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO

from actors import messages as m
from actors.mailbox import MailboxFull
from engine.answers import COMMANDS
from engine.decoding import convert, encode, error_of, parse
from engine.errors import (
    BadRequest,
    Busy,
    EngineError,
    Unauthenticated,
)
from engine.identity import Identity
from engine.wire import Id
from web import engineio_http, namespaces
from web.delays import Delays
from web.direct import Direct
from web.environs import kept_of
from web.headers import socket_origins
from web.heartbeat import Heartbeat
from web.outlet import SocketOutlet, TestClientTransport
from web.packets import CheckedPacket, Malformed
from web.rooms import LocalRooms, SharedRooms
from web.transport import install

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.node import Node

log = logging.getLogger("earshot.sockets")

NAMESPACE = "/"
RESERVED = frozenset(("connect", "connect_error", "disconnect"))
QUEUE_CHANNEL = "flask-socketio"  # where SocketIO(message_queue=…) emits by default
OUTLETS_BEHIND = 4  # times the bound of frames: more answers waiting, and the client is not reading


class Codec:
    """The JSON module of python-socketio. Lone surrogates pass `loads`, to be refused where
    the field has a name."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        try:
            return encode(value).decode()
        except (TypeError, UnicodeEncodeError):
            return plain_json.dumps(value, separators=(",", ":"))

    @staticmethod
    def loads(raw: str | bytes, **_: Any) -> Any:
        return parse(raw)


def create_socketio(app: Flask, node: Node, refused: Callable[[str], None]) -> SocketIO:
    """Flask-SocketIO over our actors. `node.queue_url` '' means no message queue. `refused` is
    told the origin of each page that may not connect."""
    settings = node.settings
    manager = SharedRooms(node.queue_url, channel=QUEUE_CHANNEL) if node.queue_url else LocalRooms()
    server = settings.server
    socketio = SocketIO(
        app,
        async_mode="gevent",
        async_handlers=False,  # handlers only tell, and so keep a connection's order
        client_manager=manager,
        json=Codec,
        serializer=CheckedPacket,
        max_http_buffer_size=settings.limits.frame_bytes,
        ping_interval=server.ping_interval_s,
        ping_timeout=server.ping_timeout_s,
        monitor_clients=False,  # the heartbeat does
        cors_allowed_origins=socket_origins(server.origins),
        manage_session=False,
        logger=False,
        engineio_logger=False,
    )
    heartbeat = Heartbeat(server.ping_interval_s, server.ping_timeout_s)
    install(socketio.server.eio, heartbeat, OUTLETS_BEHIND * settings.limits.outlet_bytes)
    front = Front(node, socketio)
    socketio.on_event("connect", front.on_connect)
    socketio.on_event("disconnect", front.on_disconnect)
    front.take_commands()
    engineio_http.install(socketio.server.eio, refused)
    namespaces.install(socketio.server)
    node.rooms = front
    return socketio


class Front:
    """Connections in, commands in. One per process."""

    def __init__(self, node: Node, socketio: SocketIO) -> None:
        self._node = node
        self._server: Any = socketio.server
        self._joins = Delays(node.settings.limits.authenticate_s, self._close_unless_joined)

    # --- connections ----------------------------------------------------------------------

    def on_connect(self, auth: Any = None) -> None:
        """Flask-SocketIO's connect handler. Refusals carry a code in `connect_error.data`."""
        node = self._node
        sid: str = request.sid  # type: ignore[attr-defined] # Flask-SocketIO's
        try:
            shut = node.refusal()
            if shut is not None:
                self._turn_away(sid, shut)
            identity, client_id = self._identity(auth)
        except EngineError as refusal:
            error = error_of(refusal)
            raise Refused(error.message, plain_json.loads(encode(error))) from None
        eio_sid = self._server.manager.eio_sid_from_sid(sid, NAMESPACE)
        transport = self._server.eio.sockets.get(eio_sid)
        outlet = SocketOutlet(
            self._server,
            sid,
            transport or TestClientTransport(self._server, sid, eio_sid),
            node.settings.limits.outlet_bytes,
            lambda: self._tell(sid, m.Room()),
        )
        ref = node.directory.connect(sid, outlet)
        if transport is not None:
            transport.direct = Direct(self, ref)
        if identity is not None:
            ref.tell(m.Verified(None, identity, client_id=client_id))

    def _turn_away(self, sid: str, refusal: EngineError) -> None:
        """It had come before nobody might. Standard clients come back from a transport that
        ends, and not from a refusal: nothing that is sent after it leaves."""
        eio_sid = self._server.manager.eio_sid_from_sid(sid, NAMESPACE)
        transport = self._server.eio.sockets.get(eio_sid)
        if transport is not None:
            transport.close(wait=False, abort=True)
        raise refusal

    def _identity(self, auth: Any) -> tuple[Identity | None, str | None]:
        """Of the handshake's `auth: {token, client_id}`; none given: `agent:connect` follows."""
        if not isinstance(auth, dict) or auth.get("token") is None:
            return None, None
        token, client_id = auth["token"], auth.get("client_id")
        if not isinstance(token, str):
            raise Unauthenticated("`auth.token` is not a string", field="auth.token")
        if client_id is not None:
            _named(Id, client_id, "auth.client_id")
        return self._node.tokens.verify(token, self._node.clock.wall()), client_id

    def on_transport(self, eio_sid: str, environ: Any) -> None:
        """An Engine.IO transport was opened; one that joins no namespace must not stay."""
        self._server._handle_eio_connect(eio_sid, kept_of(environ))
        self._joins.put(eio_sid)

    def _close_unless_joined(self, eio_sid: str) -> None:
        manager, transport = self._server.manager, self._server.eio.sockets.get(eio_sid)
        if transport is None or transport.closed:
            return
        if not any(manager.sid_from_eio_sid(eio_sid, space) for space in manager.get_namespaces()):
            transport.close_soon(self._server.eio.reason.SERVER_DISCONNECT)

    def on_disconnect(self, *_: Any) -> None:
        self._tell(request.sid, m.Gone())  # type: ignore[attr-defined] # Flask-SocketIO's

    def _tell(self, sid: str, message: Any) -> None:
        ref = self._node.directory.connections.get(sid)
        if ref is not None:
            self._node.dispatcher.send(ref, message)

    # --- commands -------------------------------------------------------------------------

    def on_message(self, eio_sid: str, data: Any) -> None:
        """Whatever a client sent that was not taken directly. What cannot be read is answered
        like an ill command, and ends the connection."""
        try:
            self._server._handle_eio_message(eio_sid, data)
        except Malformed as problem:
            self._refuse(eio_sid, BadRequest(str(problem), field="data"))
            transport = self._server.eio.sockets.get(eio_sid)
            if transport is not None:
                transport.close_soon(self._server.eio.reason.TRANSPORT_ERROR)

    def _refuse(self, eio_sid: str, refusal: EngineError, ack_id: Any = None) -> None:
        """To a connection; there is nobody to tell before it has joined the namespace."""
        sid = self._server.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
        if sid is not None:
            self._tell(sid, m.Refuse(ack_id, refusal))

    def take_commands(self) -> None:
        """Our commands leave python-socketio's path where it would build a handler's call and
        acknowledge its return value: answers come later, from the actor, by the id."""
        server, theirs = self._server, self._server._handle_event

        def handle_event(eio_sid: str, namespace: str | None, id: Any, data: Any) -> None:  # noqa: A002
            name = data[0] if isinstance(data, list) and data else None
            if not isinstance(name, str):
                nameless = BadRequest("An event is a list that begins with its name", field="event")
                self._refuse(eio_sid, nameless, id)
                return
            ours = (namespace or NAMESPACE) == NAMESPACE
            # `connect` and `disconnect` are the server's own words: their handlers are never
            # a client's to call.
            if name in RESERVED or (ours and (name in COMMANDS or not self._is_handled(name))):
                sid = server.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
                if sid is not None and server.manager.is_connected(sid, NAMESPACE):
                    self.on_command(sid, name, data[1:], id)
            else:
                theirs(eio_sid, namespace, id, data)

        server._handle_event = handle_event
        server.eio.on("connect", self.on_transport)
        server.eio.on("message", self.on_message)

    def _is_handled(self, name: str) -> bool:
        """A user's own handler, in any of python-socketio's ways."""
        handlers = self._server.handlers.get(NAMESPACE, {})
        others = self._server.handlers.get("*", {})
        spaces = self._server.namespace_handlers
        return any(name in found or "*" in found for found in (handlers, others)) or bool(
            NAMESPACE in spaces or "*" in spaces
        )

    def on_command(self, sid: str, name: str, arguments: list[Any], ack_id: Any) -> None:
        ref = self._node.directory.connections.get(sid)
        if ref is None:
            return
        try:
            if name not in COMMANDS:
                raise BadRequest(f"There is no event `{name[:80]}`", field="event")
            if len(arguments) != 1:
                raise BadRequest(f"`{name}` takes one object", field="data")
            self.ask(ref, _named(COMMANDS[name][0], arguments[0], "data"), ack_id)
        except EngineError as problem:
            self._node.dispatcher.send(ref, m.Refuse(ack_id, problem))

    def ask(self, ref: Any, body: Any, ack_id: Any) -> None:
        """A valid command of a connection."""
        try:
            ref.tell(m.Ask(body, ack_id))
        except MailboxFull:
            refusal = Busy("Too many commands are waiting on this connection", retry_after_ms=500)
            self._node.dispatcher.send(ref, m.Refuse(ack_id, refusal))

    # --- rooms ----------------------------------------------------------------------------

    def enter(self, connection_id: str, room: str) -> None:
        if self._server.manager.is_connected(connection_id, NAMESPACE):
            self._server.manager.basic_enter_room(connection_id, NAMESPACE, room)

    def leave(self, connection_id: str, room: str) -> None:
        self._server.manager.basic_leave_room(connection_id, NAMESPACE, room)


def _named(shape: Any, value: Any, field: str) -> Any:
    """`value` as its shape; raises BadRequest that names `field` where it names none."""
    try:
        return convert(shape, value)
    except BadRequest as problem:
        problem.field = problem.field or field
        raise
