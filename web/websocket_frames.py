"""WebSocket frames (RFC 6455) as values: a parser of what clients send, encoders of what we send.

Owns the protocol's rules for one direction of one connection: framing, masks, sizes, UTF-8,
control frames, close codes. It never touches a socket, waits, logs or answers: what arrived
and what was violated comes back as values.
"""

from __future__ import annotations

from codecs import utf_8_decode
from typing import Any, NamedTuple

import numpy as np

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
VIOLATION = 0x10  # no opcode: an arrival that ends the connection

NORMAL, PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG, INTERNAL_ERROR = 1000, 1002, 1007, 1009, 1011
NO_CODE = 1005  # never on the wire: a CLOSE without a body

_FIN = 0x80
_MASKED = 0x80
_CONTROL = 0x88  # the least first byte of a legal control frame
_CONTROL_BYTES = 125
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # lengths that say where the length is
_WHOLE_TEXT = _FIN | TEXT
_OPCODES = (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
_LEGAL_FIRST_BYTES = frozenset((0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A))
_UP_TO_125 = [bytes((_WHOLE_TEXT, size)) for size in range(_TWO_BYTES)]
_NOTHING = bytearray()  # shared by all connections, so never extended

# Up to here one big-integer XOR is the fastest (1.2 us for 215 bytes, numpy 2.8); above,
# numpy is (3.6 us for 8 KiB, the integers 19).
_INTEGER_WORDS = 224
_REPEATS = [int.from_bytes(b"\1\0\0\0" * words, "little") for words in range(_INTEGER_WORDS + 1)]

Arrival = tuple[int, Any]


class Ending(NamedTuple):
    """The value of a CLOSE or a VIOLATION. `code` is NO_CODE for a CLOSE without a body."""

    code: int
    reason: str


class _Violated(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.ending = Ending(code, reason)


class FrameParser:
    """Turns the bytes of one client, in whatever pieces they come, into arrivals.

    An arrival is (TEXT, str), (BINARY, bytes), (PING, bytes), (PONG, bytes), (CLOSE, Ending)
    or (VIOLATION, Ending); nothing follows the last two. `limit` is the size of the largest
    message in bytes, over all its frames. It is checked against the size a frame announces,
    and room is made for what came, not for what was announced.
    """

    __slots__ = ("_done", "_fin", "_held", "_key", "_kind", "_left", "_limit", "_message", "_tail")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = b""  # the beginning of a header or of a control frame
        self._left = 0  # bytes still to come of the data frame in progress
        self._fin = False  # whether that frame is its message's last
        self._key = b""  # its mask, turned to where its next byte is
        self._kind = 0  # TEXT or BINARY while a message is in pieces
        self._message = _NOTHING  # those pieces
        self._tail = b""  # an unfinished UTF-8 character at their end
        self._done = False

    @property
    def wanting(self) -> int:
        """How many bytes of a data frame's payload are still to come."""
        return self._left

    def feed(self, chunk: bytes) -> list[Arrival]:
        """Take what was received; returns what is complete, in order."""
        arrivals: list[Arrival] = []
        if self._held:
            chunk = self._held + chunk
            self._held = b""
        end = len(chunk)
        try:
            at = self._resume(chunk, arrivals) if self._left else 0
            while at < end and not self._done:
                begin = at
                at = self._frame(chunk, begin, end, arrivals)
                if at < 0:
                    self._held = chunk[begin:]
                    break
        except _Violated as violated:
            self._end(arrivals, VIOLATION, violated.ending)
        except UnicodeDecodeError:
            self._end(arrivals, VIOLATION, Ending(INVALID_TEXT, "invalid UTF-8"))
        return arrivals

    def _frame(self, chunk: bytes, begin: int, there: int, arrivals: list[Arrival]) -> int:
        """The frame at `begin` of `there` bytes. Where the next one begins; -1: more must come."""
        if there - begin < 2:
            return -1
        first = chunk[begin]
        size = chunk[begin + 1] - _MASKED
        body = begin + 6
        if size < 0 or size > _CONTROL_BYTES or first not in _LEGAL_FIRST_BYTES:
            _check_start(first, size)
            body += 2 if size == _TWO_BYTES else 8
            if there < body - 4:
                return -1
            size = _announced(chunk[begin + 2 : body - 4])
        if first < _CONTROL and (first != _WHOLE_TEXT or self._kind or size > self._limit):
            self._check_place(first, size)
        end = body + size
        if end > there:
            if first >= _CONTROL or there < body:
                return -1
            self._open(first)
            self._left = size
            self._key = chunk[body - 4 : body]
            return self._resume(chunk[body:], arrivals) + body
        payload = unmask(chunk[body:end], chunk[body - 4 : body])
        if first == _WHOLE_TEXT:
            arrivals.append((TEXT, payload.decode()))
        elif first < _CONTROL:
            self._open(first)
            self._extend(payload)
            self._finish(arrivals)
        elif first == 0x80 | CLOSE:
            self._end(arrivals, CLOSE, _ending(payload))
        else:
            arrivals.append((first & 0x0F, payload))
        return end

    def _check_place(self, first: int, size: int) -> None:
        if self._kind:
            if first & 0x0F != CONTINUATION:
                raise _Violated(PROTOCOL_ERROR, "a message inside another")
            size += len(self._message)
        elif first & 0x0F == CONTINUATION:
            raise _Violated(PROTOCOL_ERROR, "nothing to continue")
        if size > self._limit:
            raise _Violated(TOO_BIG, f"message over {self._limit} bytes")

    def _open(self, first: int) -> None:
        """A data frame that is not a whole message in one piece begins."""
        self._fin = first >= _FIN
        if not self._kind:
            self._kind = first & 0x0F
            self._message = bytearray()

    def _resume(self, chunk: bytes, arrivals: list[Arrival]) -> int:
        """More of the data frame in progress, from the start of `chunk`. How much was its."""
        part = chunk[: self._left]
        size = len(part)
        self._left -= size
        self._extend(unmask(part, self._key))
        turn = size & 3
        self._key = self._key[turn:] + self._key[:turn]
        if not self._left:
            self._finish(arrivals)
        return size

    def _extend(self, part: bytes) -> None:
        """Text is validated as it comes, so that what is invalid fails at once; what was
        decoded is not kept, because many short strings would take many times `limit`."""
        if self._kind == TEXT:
            part_after_tail = self._tail + part
            used = utf_8_decode(part_after_tail, "strict", False)[1]
            self._tail = part_after_tail[used:]
        self._message += part

    def _finish(self, arrivals: list[Arrival]) -> None:
        if not self._fin:
            return
        if self._kind == TEXT:
            arrivals.append((TEXT, self._message.decode()))
        else:
            arrivals.append((BINARY, bytes(self._message)))
        self._kind = 0
        self._message = _NOTHING

    def _end(self, arrivals: list[Arrival], kind: int, ending: Ending) -> None:
        """Nothing that comes after it is looked at, or kept."""
        self._done = True
        self._left = 0
        self._message = _NOTHING
        arrivals.append((kind, ending))


def unmask(masked: bytes, key: bytes) -> bytes:
    """XOR with the four bytes of `key` over and over; masks as well as it unmasks."""
    size = len(masked)
    words = (size + 3) >> 2
    if words <= _INTEGER_WORDS:
        mask = int.from_bytes(key, "little") * _REPEATS[words]
        return (int.from_bytes(masked, "little") ^ mask).to_bytes(words << 2, "little")[:size]
    keys = np.frombuffer((key * words)[:size], dtype=np.uint8)
    return np.bitwise_xor(np.frombuffer(masked, dtype=np.uint8), keys).tobytes()


def may_be_sent(code: int) -> bool:
    """Whether `code` may stand in a CLOSE frame (RFC 6455, 7.4, and IANA's registry)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def text_frame(payload: bytes) -> bytes:
    """One whole text message. `payload` is UTF-8. The same bytes serve every receiver."""
    size = len(payload)
    if size < _TWO_BYTES:
        return _UP_TO_125[size] + payload
    return _start(TEXT, size) + payload


def binary_frame(payload: bytes) -> bytes:
    """One whole binary message."""
    return _start(BINARY, len(payload)) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a PING with this payload (125 bytes at most, as the parser ensures)."""
    return _start(PONG, len(payload)) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A CLOSE. A reason over 123 bytes is cut at a character. Raises ValueError for a code
    that must not be sent."""
    if not may_be_sent(code):
        raise ValueError(f"code: {code} may not be sent in a CLOSE frame")
    cut = reason.encode()[: _CONTROL_BYTES - 2].decode(errors="ignore").encode()
    return _start(CLOSE, 2 + len(cut)) + code.to_bytes(2, "big") + cut


def _start(opcode: int, size: int) -> bytes:
    if size < _TWO_BYTES:
        return bytes((_FIN | opcode, size))
    if size < 0x10000:
        return bytes((_FIN | opcode, _TWO_BYTES)) + size.to_bytes(2, "big")
    return bytes((_FIN | opcode, _EIGHT_BYTES)) + size.to_bytes(8, "big")


def _check_start(first: int, size: int) -> None:
    """Raises for a first byte that is not legal or a frame that is not masked."""
    if first & 0x70:
        raise _Violated(PROTOCOL_ERROR, "reserved bits")
    if first & 0x0F not in _OPCODES:
        raise _Violated(PROTOCOL_ERROR, "reserved opcode")
    if first & 0x0F >= CLOSE and (first < _FIN or size > _CONTROL_BYTES):
        raise _Violated(PROTOCOL_ERROR, "control frame in pieces or too long")
    if size < 0:
        raise _Violated(PROTOCOL_ERROR, "frame without a mask")


def _announced(field: bytes) -> int:
    """The size in an extended length field, which must be the shortest that can hold it."""
    size = int.from_bytes(field, "big")
    if size < (_TWO_BYTES if len(field) == 2 else 0x10000) or size >> 63:
        raise _Violated(PROTOCOL_ERROR, "ill-formed length")
    return size


def _ending(payload: bytes) -> Ending:
    if not payload:
        return Ending(NO_CODE, "")
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not may_be_sent(code):
        raise _Violated(PROTOCOL_ERROR, "invalid close code")
    return Ending(code, payload[2:].decode())
