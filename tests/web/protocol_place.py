"""Servers of ours, patient and hasty, and clients that speak the protocols by hand: Engine.IO
over HTTP, and over a WebSocket.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
import websocket

from tests.live.server import BOUND_S, LiveServer

PATIENT_S = 20.0  # until a ping, for its answer, and for a transport to join a namespace
PING_INTERVAL_S = 0.3  # where pings are tested
PING_TIMEOUT_S = 1.2  # where somebody is given up
JOIN_S = 1.5  # there, a transport that has joined no namespace by then is closed
SLACK_S = 8.0  # of a busy machine; a time-out of the patient takes longer
SUSPENDED_S = 0.05  # for a request that was sent to be read and wait
FRAME_BYTES = 1_000_000
SEPARATOR = "\x1e"
ENDED = (websocket.WebSocketException, OSError)


class ProtocolServer(LiveServer):
    PROGRAM = ("-m", "tests.web.protocol_server")

    def __init__(
        self, folder: Path, ping_interval_s: float, ping_timeout_s: float, join_s: float
    ) -> None:
        super().__init__(
            folder,
            EARSHOT__SERVER__PING_INTERVAL_S=ping_interval_s,
            EARSHOT__SERVER__PING_TIMEOUT_S=ping_timeout_s,
            EARSHOT__LIMITS__AUTHENTICATE_S=join_s,
        )

    def ask(self, query: str, method: str = "GET", **more: Any) -> requests.Response:
        address = f"{self.url}/socket.io/?{query}"
        return requests.request(method, address, timeout=BOUND_S, **more)

    def is_well(self) -> bool:
        """Nothing that a client did may be a fault of the server."""
        return "Traceback" not in self.log


@contextlib.contextmanager
def serving(
    folder: Path,
    ping_interval_s: float = PATIENT_S,
    ping_timeout_s: float = PATIENT_S,
    join_s: float = PATIENT_S,
) -> Iterator[ProtocolServer]:
    server = ProtocolServer(folder, ping_interval_s, ping_timeout_s, join_s)
    try:
        server.start()
        yield server
    finally:
        server.end()


def text_of(response: requests.Response) -> str:
    assert response.status_code == 200, f"{response.status_code}: {response.text}"
    return response.content.decode()


class Polling:
    """An Engine.IO session of a client that polls."""

    def __init__(self, server: ProtocolServer) -> None:
        self._server = server
        self.opened = text_of(server.ask("EIO=4&transport=polling"))
        assert self.opened[0] == "0"
        self.handshake: dict[str, Any] = json.loads(self.opened[1:])
        self.sid: str = self.handshake["sid"]
        self._query = f"EIO=4&transport=polling&sid={self.sid}"

    def poll(self) -> requests.Response:
        return self._server.ask(self._query)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[Callable[[], str]]:
        """A poll that is with the server before anything that is asked in the `with`; gives what
        waits for its answer."""
        link = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=BOUND_S)
        with contextlib.closing(link):
            link.request("GET", f"/socket.io/?{self._query}")
            time.sleep(SUSPENDED_S)

            def answer() -> str:
                found = link.getresponse()
                text = found.read().decode()
                assert found.status == 200, f"{found.status}: {text}"
                return text

            yield answer

    def post(self, body: str | bytes) -> requests.Response:
        content = body.encode() if isinstance(body, str) else body
        return self._server.ask(self._query, "POST", data=content)

    def packets(self) -> list[str]:
        """Of the next poll that brings more than a ping; pings are answered."""
        while True:
            found = text_of(self.poll()).split(SEPARATOR)
            if "2" in found:
                self.post("3")
            if wanted := [text for text in found if text != "2"]:
                return wanted

    def join(self, auth: Any = None) -> str:
        """Connect to the main namespace; the answer."""
        assert text_of(self.post("40" + (json.dumps(auth) if auth else ""))) == "ok"
        [answer] = self.packets()
        return answer

    def is_over(self) -> bool:
        return self.poll().status_code == 400


class Channel:
    """A WebSocket on the server's Socket.IO path."""

    def __init__(self, server: ProtocolServer, query: str = "EIO=4&transport=websocket") -> None:
        address = f"{server.url.replace('http', 'ws', 1)}/socket.io/?{query}"
        self._socket = websocket.create_connection(address, timeout=BOUND_S)

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown()

    def say(self, *packets: str | bytes) -> None:
        for packet in packets:
            is_text = isinstance(packet, str)
            self._socket.send(packet) if is_text else self._socket.send_binary(packet)

    def next(self, bound_s: float = BOUND_S) -> str | bytes | None:
        """The next frame whatever it is; None: the server closed the WebSocket."""
        self._socket.settimeout(bound_s)
        try:
            found: str | bytes = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            raise AssertionError(f"nothing came within {bound_s:g} s") from None
        except ENDED:
            return None
        return found or None

    def read(self, bound_s: float = BOUND_S) -> str | bytes | None:
        """The next frame that is no ping; pings are answered."""
        deadline = time.monotonic() + bound_s
        while (found := self.next(max(deadline - time.monotonic(), 0.001))) == "2":
            self.say("3")
        return found

    def text(self) -> str:
        found = self.read()
        assert isinstance(found, str), found
        return found

    def is_closed(self, bound_s: float = SLACK_S) -> bool:
        """The server closes it within the bound; pings are answered, the rest is passed over."""
        deadline = time.monotonic() + bound_s
        try:
            while self.read(max(deadline - time.monotonic(), 0.001)) is not None:
                pass
        except AssertionError:
            return False
        return True

    def handshake(self) -> dict[str, Any]:
        opened = self.text()
        assert opened[0] == "0", opened
        found: dict[str, Any] = json.loads(opened[1:])
        return found


def joined(server: ProtocolServer, agent_id: str = "anna") -> Channel:
    """Connected to the main namespace with a token, so that it may stay."""
    channel = Channel(server)
    channel.handshake()
    channel.say("40" + json.dumps({"token": server.token(agent_id)}))
    assert channel.text().startswith('40{"sid":')
    return channel


def channel_of(server: ProtocolServer, session: Polling) -> Channel:
    """A WebSocket for a session that polls."""
    return Channel(server, f"EIO=4&transport=websocket&sid={session.sid}")


@contextlib.contextmanager
def upgraded(server: ProtocolServer, session: Polling) -> Iterator[Channel]:
    with channel_of(server, session) as channel:
        channel.say("2probe")
        assert channel.next() == "3probe"
        channel.say("5")
        yield channel
