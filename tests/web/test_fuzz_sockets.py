"""Broken packets and broken frames by the thousand: a connection may end, the process never.

From a seed, so that what fails is found again: EARSHOT_FUZZ_SEED names it, EARSHOT_FUZZ_ROUNDS
makes it longer. What is sent are packets of honest clients, changed a little.
"""

from __future__ import annotations

import base64
import json
import os
import random
import socket
import struct
from contextlib import suppress
from typing import Any

import pytest
import websocket

from engine.answers import COMMANDS
from engine.decoding import convert, decode_plain, parse
from engine.errors import EngineError
from tests.live.raw_client import RawClient, still_answers
from tests.live.server import LiveServer, new_id, until
from tests.web.conftest import Bystander

SEED = int(os.environ.get("EARSHOT_FUZZ_SEED", 20261128))
ENDED = (OSError, AssertionError, websocket.WebSocketException)  # by the server, as it may
ROUNDS = int(os.environ.get("EARSHOT_FUZZ_ROUNDS", 400))
HONEST = [
    '40{"token":"t"}',
    '420["agent:connect",{"agent_id":"ann","auth_token":"t"}]',
    '421["call:subscribe",{"call_id":"c","since":{"epoch":"e","seq":7},"interim":true}]',
    '422["call:history",{"call_id":"c","epoch":"e","before":9,"limit":5}]',
    '42["doc:feedback",{"doc_id":"d","helpful":null,"call_id":"c"}]',
    '423["doc:seen",{"call_id":"c","items":[{"doc_id":"d","action":"shown"}]}]',
    '42["client:report",{"paint_ms":[1.5,2]}]',
    '424["calls:watch",{"filter":{"status":"active"}}]',
    '425["segment:append",{"call_id":"c","segments":[{"segment_id":"s","speaker":"agent",'
    '"text":"hello"}]}]',
    '451-["doc:seen",{"_placeholder":true,"num":0}]',
    "41",
    "2probe",
    "3",
    "6",
]
SPICES = [
    "\x00",
    "\ud83d\ude00",
    "\\ud800",
    "9" * 400,
    "[" * 90,
    '"',
    "{}",
    "null",
    "-",
    "1e999",
    "é",
]


def changed(chance: random.Random, text: str) -> str:
    """A cut, a doubling, a swap, or something strange in the middle; a few times."""
    for _ in range(chance.randrange(1, 4)):
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        how = chance.randrange(4)
        if how == 0:
            text = text[:at] + text[to:]
        elif how == 1:
            text = text[:to] + text[at:]
        elif how == 2:
            text = text[:at] + chance.choice(SPICES) + text[at:]
        else:
            text = text[:at] + chr(chance.randrange(32, 127)) + text[at + 1 :]
    return text


def frame(chance: random.Random, body: bytes) -> bytes:
    """A client's frame, with the odd wrong bit, wrong length or no mask."""
    first, masked, announced = 0x81, 0x80, len(body)
    if chance.random() < 0.3:
        first = chance.randrange(256)
    if chance.random() < 0.1:
        masked = 0
    if chance.random() < 0.2:
        announced = chance.choice([0, 125, 126, 65_535, 65_536, 2**31, 2**63 - 1, 2**64 - 1])
    if announced < 126:
        head = bytes([first, masked | announced])
    elif announced < 65_536:
        head = bytes([first, masked | 126]) + struct.pack("!H", announced)
    else:
        head = bytes([first, masked | 127]) + struct.pack("!Q", announced)
    key = chance.randbytes(4) if masked else b""
    covered = bytes(b ^ key[i % 4] for i, b in enumerate(body)) if masked else body
    return head + key + covered


@pytest.fixture
def unharmed(listening: LiveServer, bystander: Bystander) -> Any:
    pid = listening.pid
    yield
    assert listening.pid == pid, "the process is the same"
    assert listening.alive
    assert bystander.is_unharmed()
    with RawClient(listening.url, {"token": listening.token(new_id("agent"))}) as client:
        assert still_answers(client)
    at = listening.log.find("Traceback")
    assert at < 0, listening.log[at - 300 : at + 3000]


def test_the_quick_way_reads_whatever_it_reads_as_the_ordinary_way_does() -> None:
    chance, read = random.Random(SEED), 0
    for _ in range(ROUNDS * 50):
        text = changed(chance, chance.choice(HONEST))
        begin, end = text.find('["'), text.find('",')
        command = COMMANDS.get(text[begin + 2 : end]) if 0 <= begin < end else None
        if command is None:
            continue
        body = text[end + 2 : -1]
        quick = decode_plain(command[0], body)
        if quick is None:
            continue
        read += 1
        try:
            ordinary = convert(command[0], parse(body))
        except (EngineError, ValueError) as refused:
            raise AssertionError(f"only the quick way takes {body!r}") from refused
        assert quick == ordinary
    assert read > ROUNDS, "the changes leave enough that can be read"


def test_broken_packets_end_their_connection_at_worst(
    listening: LiveServer, unharmed: None
) -> None:
    chance = random.Random(SEED)
    token = listening.token(new_id("fuzz"))
    for _ in range(ROUNDS // 8):
        with (
            suppress(OSError, AssertionError),
            RawClient(listening.url, {"token": token}) as client,
        ):
            for _ in range(20):
                packet = changed(chance, chance.choice(HONEST))
                client.write(packet.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    until(lambda: listening.metric("store_away") == 0)


def test_broken_frames_end_their_connection_at_worst(listening: LiveServer, unharmed: None) -> None:
    chance = random.Random(SEED)
    key = base64.b64encode(bytes(16)).decode()
    head = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: us\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
    join = ("40" + json.dumps({"token": listening.token(new_id("fuzz"))})).encode()
    for _ in range(ROUNDS // 4):
        with socket.create_connection(("127.0.0.1", listening.port), timeout=5) as peer:
            bodies = [join] + [chance.choice(HONEST).encode() for _ in range(5)]
            stream = head + b"".join(frame(chance, body) for body in bodies)
            if chance.random() < 0.3:
                stream = stream[: chance.randrange(len(stream))]
            with suppress(OSError):
                while stream:
                    cut = chance.randrange(1, len(stream) + 1)
                    peer.sendall(stream[:cut])
                    stream = stream[cut:]


def test_broken_polls_end_their_session_at_worst(listening: LiveServer, unharmed: None) -> None:
    chance = random.Random(SEED)
    paths = [
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=polling&sid=none",
        "/socket.io/?EIO=4&transport=websocket&sid=",
        "/v1/calls/%00/segments",
    ]
    for _ in range(ROUNDS // 4):
        body = "\x1e".join(changed(chance, chance.choice(HONEST)) for _ in range(3))
        raw = body.encode("utf-8", "surrogatepass")
        path = changed(chance, chance.choice(paths)).encode("ascii", "replace").decode()
        length = chance.choice([len(raw), 0, 2**40, -1])
        request = (
            f"{chance.choice(['GET', 'POST', 'PUT', 'OPTIONS', 'BREW'])} {path} HTTP/1.1\r\n"
            f"Host: us\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        peer = socket.create_connection(("127.0.0.1", listening.port), timeout=5)
        with peer, suppress(OSError):
            peer.sendall(request.encode("latin-1", "replace") + raw)
            peer.shutdown(socket.SHUT_WR)
            peer.recv(4096)
