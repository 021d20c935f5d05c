"""One Socket.IO connection, read in order.

Owns the threads of python-socketio's client and hands what arrives to one reader through a
bounded queue. It never reconnects: its owner knows from where to go on.
"""

from __future__ import annotations

import queue
from typing import Any, NamedTuple

import engineio
import socketio

from web.cli.client import reason_of, session_for
from web.cli.failures import Away, Refused

CONNECT_S = 5.0
WAITING = 10_000  # events not yet shown; then reading stops, and the server keeps them for us


class Event(NamedTuple):
    name: str
    body: Any


class Answered(NamedTuple):
    """The acknowledgement of the last command."""

    answer: dict[str, Any]


class Closed(NamedTuple):
    reason: str


class _InOrder(engineio.Client):  # type: ignore[misc] # it has no types
    """Without a thread for each message, which would lose their order."""

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        return super()._trigger_event(event, *args, **{**options, "run_async": False})


class _Client(socketio.Client):  # type: ignore[misc] # it has no types
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _InOrder


class Connection:
    """Connected and authenticated when made. Raises Refused or Away otherwise."""

    def __init__(self, url: str, token: str) -> None:
        self._arrived: queue.Queue[Event | Answered | Closed] = queue.Queue(WAITING)
        self._refusal: dict[str, Any] | None = None
        self._http = session_for(url)
        self._client = _Client(reconnection=False, handle_sigint=False, http_session=self._http)
        self._client.on("*", self._on_event)
        self._client.on("connect_error", self._on_refused)
        self._client.on("disconnect", self._on_closed)
        try:
            self._client.connect(url, auth={"token": token}, wait_timeout=CONNECT_S)
        except (socketio.exceptions.ConnectionError, ValueError) as problem:
            self.close()
            if self._refusal is not None:
                raise Refused.from_error(self._refusal) from None
            raise Away(url, reason_of(str(problem))) from None

    def ask(self, event: str, body: dict[str, Any]) -> None:
        """Sends a command; its acknowledgement arrives as Answered."""
        try:
            self._client.emit(
                event, body, callback=lambda answer=None: self._arrived.put(_answered(answer))
            )
        except socketio.exceptions.BadNamespaceError:
            self._arrived.put(Closed("the connection broke"))

    def next(self, timeout_s: float) -> Event | Answered | Closed | None:
        """What arrived next; None when nothing did in time."""
        try:
            return self._arrived.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._client.shutdown()
        self._http.close()

    def _on_event(self, name: str, *arguments: Any) -> None:
        self._arrived.put(Event(name, arguments[0] if arguments else None))

    def _on_refused(self, problem: Any = None) -> None:
        found = problem.get("data") if isinstance(problem, dict) else None
        if isinstance(found, dict) and "code" in found:
            self._refusal = found

    def _on_closed(self, reason: Any = None) -> None:
        self._arrived.put(Closed(str(reason)))


def _answered(answer: Any) -> Answered:
    return Answered(answer if isinstance(answer, dict) else {})
