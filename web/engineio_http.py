"""Engine.IO over HTTP as its protocol says: which request is a good one, and what the others
are answered.

Owns the statuses and bodies of python-engineio's HTTP side, and the rule that a session has
one poll and one POST at a time. It reads no packet and knows no event; what goes into a
payload and how a session ends is transport.py.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import gevent
from engineio import exceptions, packet

_READABLE = 1  # libev's EV_READ


class Refusal(NamedTuple):
    """Code and message that JavaScript's server sends; clients show them to developers."""

    code: int
    message: str


UNKNOWN_TRANSPORT = Refusal(0, "Transport unknown")
UNKNOWN_SESSION = Refusal(1, "Session ID unknown")
BAD_METHOD = Refusal(2, "Bad handshake method")
BAD_REQUEST = Refusal(3, "Bad request")
UNSUPPORTED_VERSION = Refusal(5, "Unsupported protocol version")

Environ = dict[str, Any]
Respond = Callable[..., Any]


def install(eio_server: Any, refused: Callable[[str], None]) -> None:
    """Correct this engineio.Server. Call it once, before it is asked anything. `refused` is told
    the origin of each request that python-engineio refuses for it."""
    front = _HttpFront(eio_server, refused)
    # Its methods look these up on the instance; it has no other seam.
    eio_server.handle_request = front.handle_request
    eio_server._ok = front.ok
    eio_server._bad_request = front.bad_request


class _HttpFront:
    def __init__(self, server: Any, refused: Callable[[str], None]) -> None:
        self._server = server
        self._refused_origin = refused
        self._theirs = server.handle_request
        self._their_ok = server._ok
        self._busy: set[tuple[str, str]] = set()  # (method, sid) of requests under way

    # --- what python-engineio asks of itself ----------------------------------------------

    def ok(self, packets: Any = None, headers: Any = None, jsonp_index: Any = None) -> Any:
        """No packets in a poll's answer means that the session ended: an empty body is no
        payload, so it is a NOOP."""
        if packets is None:
            return _answer("200 OK", "text/plain; charset=UTF-8", b"ok")
        found = self._their_ok(packets or [packet.Packet(packet.NOOP)], headers, jsonp_index)
        found["headers"].append(("Cache-Control", "no-store"))
        return found

    def bad_request(self, message: str | None = None) -> Any:
        return _refused(BAD_REQUEST if message is None else Refusal(BAD_REQUEST.code, message))

    # --- requests -------------------------------------------------------------------------

    def handle_request(self, environ: Environ, start_response: Respond) -> Any:
        """The WSGI application at Socket.IO's path. An upgrade that is refused has its
        WebSocket closed by who called this."""
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return self._theirs(environ, start_response)
        query = parse_qs(environ.get("QUERY_STRING", ""))
        sid = query["sid"][0] if "sid" in query else None
        refusal = self._look_at(environ, query, sid)
        if refusal is not None:
            return self._send(_refused(refusal), environ, start_response)
        if sid is None or _is_upgrade(environ):
            return self._pass_on(environ, start_response)
        return self._in_session(sid, environ, start_response)

    def _look_at(self, environ: Environ, query: Any, sid: str | None) -> Refusal | None:
        """What is wrong with a request, in the order in which JavaScript's server looks."""
        transport = query.get("transport", [None])[0]
        if transport not in self._server.transports:
            return UNKNOWN_TRANSPORT
        upgrade = _is_upgrade(environ)
        fits = upgrade == (transport == "websocket")
        if sid is not None:
            return self._look_at_session(sid, environ["REQUEST_METHOD"], fits, upgrade)
        if environ["REQUEST_METHOD"] != "GET":
            return BAD_METHOD
        if not fits:
            return BAD_REQUEST
        return None if query.get("EIO") == ["4"] else UNSUPPORTED_VERSION

    def _look_at_session(self, sid: str, method: str, fits: bool, upgrade: bool) -> Refusal | None:
        session = self._server.sockets.get(sid)
        if session is None:
            return UNKNOWN_SESSION
        if session.closed:
            self._server.sockets.pop(sid, None)
            return UNKNOWN_SESSION
        taken = session.upgraded or not session.connected or (upgrade and session.upgrading)
        return BAD_REQUEST if taken or not fits or method not in ("GET", "POST") else None

    def _in_session(self, sid: str, environ: Environ, start_response: Respond) -> Any:
        """A poll or a POST. A second one beside it would mix up the order of packets: it ends
        the session, of which the first one hears."""
        mine = (environ["REQUEST_METHOD"], sid)
        session = self._server.sockets[sid]
        if mine in self._busy:
            self._end(session)
            return self._send(_refused(BAD_REQUEST), environ, start_response)
        self._busy.add(mine)
        try:
            if mine[0] == "POST":
                return self._send(self._take(session, environ), environ, start_response)
            with self._watching(session, environ):
                return self._pass_on(environ, start_response)
        finally:
            self._busy.discard(mine)

    def _take(self, session: Any, environ: Environ) -> Any:
        if environ.get("CONTENT_LENGTH", "") in ("", "0"):  # nothing, or of unknown length
            self._end(session)
            return _refused(BAD_REQUEST)
        try:
            session.handle_post_request(environ)
        except (exceptions.EngineIOError, OSError):  # OSError: the body ended too early
            self._end(session)
            return _refused(BAD_REQUEST)
        return self.ok()

    def _pass_on(self, environ: Environ, start_response: Respond) -> Any:
        if origin := environ.get("HTTP_ORIGIN"):
            allowed = self._server._cors_allowed_origins(environ)
            if allowed is not None and origin not in allowed:
                self._refused_origin(origin)
        try:
            return self._theirs(environ, start_response)
        except KeyError:  # the session ended while the request was under way
            return self._send(_refused(UNKNOWN_SESSION), environ, start_response)

    def _end(self, session: Any) -> None:
        """A poll that waits is answered with CLOSE."""
        if not session.closed:
            session.close(wait=False, reason=self._server.reason.TRANSPORT_ERROR)

    def _send(self, answer: Any, environ: Environ, start_response: Respond) -> list[bytes]:
        headers = answer["headers"] + self._server._cors_headers(environ)
        start_response(answer["status"], headers)
        return [answer["response"]]

    # --- polls that are given up ----------------------------------------------------------

    @contextlib.contextmanager
    def _watching(self, session: Any, environ: Environ) -> Iterator[None]:
        """A client that closes its connection while it polls has ended its session: what the
        poll would have been answered is lost. Without this it would live until the ping."""
        connection = _connection_of(environ)
        if connection is None:
            yield
            return
        watcher = gevent.get_hub().loop.io(connection.fileno(), _READABLE)

        def look() -> None:
            try:
                ended = not connection._sock.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return
            except OSError:
                ended = True
            watcher.stop()  # what follows a poll on its connection is for after it
            if ended:
                gevent.spawn(self._abandon, session)

        watcher.start(look)
        try:
            yield
        finally:
            watcher.stop()
            watcher.close()

    def _abandon(self, session: Any) -> None:
        if not session.closed:
            reason = self._server.reason.TRANSPORT_CLOSE
            session.close(wait=False, abort=True, reason=reason)


def _answer(status: str, media: str, body: bytes) -> dict[str, Any]:
    headers = [("Content-Type", media), ("Cache-Control", "no-store")]
    return {"status": status, "headers": headers, "response": body}


def _refused(refusal: Refusal) -> dict[str, Any]:
    body = json.dumps(refusal._asdict(), separators=(",", ":")).encode()
    return _answer("400 Bad Request", "application/json", body)


def _is_upgrade(environ: Environ) -> bool:
    return bool(environ.get("HTTP_UPGRADE", "").strip().lower() == "websocket")


def _connection_of(environ: Environ) -> Any:
    """pywsgi's socket, of which it makes no secret but no field either; None elsewhere."""
    raw = getattr(getattr(environ.get("wsgi.input"), "rfile", None), "raw", None)
    return getattr(raw, "_sock", None)
