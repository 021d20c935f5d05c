"""The frame parser: any split gives the same arrivals, every violation its close code."""

from __future__ import annotations

import itertools
import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import websocket_frames as ws
from web.websocket_frames import Ending, FrameParser

LIMIT = 100_000
FIN = 0x80
KEYS = st.binary(min_size=4, max_size=4)
SIZES = st.one_of(st.integers(0, 300), st.sampled_from([125, 126, 127, 65535, 65536, 70_000]))


def masked(
    opcode: int, body: bytes = b"", *, fin: bool = True, key: bytes = b"\x81\x02\xf3\x44"
) -> bytes:
    """One frame as a client sends it."""
    if len(body) < 126:
        length = bytes((0x80 | len(body),))
    elif len(body) < 65536:
        length = b"\xfe" + len(body).to_bytes(2, "big")
    else:
        length = b"\xff" + len(body).to_bytes(8, "big")
    veil = bytes(byte ^ key[place % 4] for place, byte in enumerate(body))
    return bytes(((FIN if fin else 0) | opcode,)) + length + key + veil


def announced(size: int, opcode: int = ws.BINARY) -> bytes:
    """The header of a frame that says it is `size` bytes long."""
    return bytes((FIN | opcode, 0xFF)) + size.to_bytes(8, "big") + b"mask"


def parse(stream: bytes, cuts: list[int] | None = None, limit: int = LIMIT) -> list[ws.Arrival]:
    parser = FrameParser(limit)
    arrivals: list[ws.Arrival] = []
    places = [0, *sorted(cuts or ()), len(stream)]
    for begin, end in itertools.pairwise(places):
        arrivals += parser.feed(stream[begin:end])
    return arrivals


def code_of(stream: bytes, limit: int = LIMIT) -> int:
    """The close code of the violation that `stream` ends with, however it is cut."""
    at_once = parse(stream, limit=limit)
    assert parse(stream, list(range(len(stream))), limit) == at_once
    kind, ending = at_once[-1]
    assert kind == ws.VIOLATION
    return int(ending.code)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[ws.Arrival]]:
    """Frames of a well-behaved client, and what should arrive."""
    stream, expected = b"", []
    for _ in range(draw(st.integers(1, 4))):
        opcode = draw(st.sampled_from((ws.TEXT, ws.BINARY)))
        if opcode == ws.TEXT:
            value: str | bytes = draw(st.text(max_size=80)) * draw(st.sampled_from((1, 1, 30)))
            body = value.encode()
        else:
            body = value = Random(draw(st.integers())).randbytes(draw(SIZES))
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
        places = [0, *cuts, len(body)]
        for number, (begin, end) in enumerate(itertools.pairwise(places)):
            stream += masked(
                ws.CONTINUATION if number else opcode,
                body[begin:end],
                fin=number == len(places) - 2,
                key=draw(KEYS),
            )
            if number < len(places) - 2 and draw(st.booleans()):
                control = draw(st.sampled_from((ws.PING, ws.PONG)))
                note = draw(st.binary(max_size=125))
                stream += masked(control, note, key=draw(KEYS))
                expected.append((control, note))
        expected.append((opcode, value))
    return stream, expected


@given(conversations(), st.lists(st.integers(0, 400_000), max_size=12))
def test_any_split_of_the_stream_gives_the_same_messages(
    conversation: tuple[bytes, list[ws.Arrival]], cuts: list[int]
) -> None:
    stream, expected = conversation
    assert parse(stream, [cut % (len(stream) + 1) for cut in cuts], 10**6) == expected


@given(conversations())
def test_byte_by_byte_gives_the_same_messages(
    conversation: tuple[bytes, list[ws.Arrival]],
) -> None:
    stream, expected = conversation
    start = stream[:3000]
    byte_by_byte = parse(start, list(range(len(start))), 10**6)
    assert byte_by_byte == parse(start, limit=10**6) == expected[: len(byte_by_byte)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_at_all_end_alike_however_they_are_cut(stream: bytes, cuts: list[int]) -> None:
    cuts = [min(cut, len(stream)) for cut in cuts]
    assert parse(stream, cuts) == parse(stream, list(range(len(stream)))) == parse(stream)


@given(SIZES, KEYS)
def test_unmasking_is_the_byte_by_byte_exclusive_or(size: int, key: bytes) -> None:
    body = Random(size).randbytes(size)
    assert ws.unmask(body, key) == bytes(byte ^ key[place % 4] for place, byte in enumerate(body))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_each_length_arrives_and_is_framed_in_the_shortest_form(size: int) -> None:
    body = b"x" * size
    assert parse(masked(ws.TEXT, body)) == [(ws.TEXT, body.decode())]
    head = 2 if size < 126 else 4 if size < 65_536 else 10
    assert len(ws.text_frame(body)) == head + size
    # What we frame is what a client sends but for mask bit and key.
    framed, sent = ws.text_frame(body), masked(ws.TEXT, body, key=bytes(4))
    assert framed == sent[:1] + bytes((sent[1] & 0x7F,)) + sent[2:head] + sent[head + 4 :]
    assert ws.binary_frame(body)[0] == FIN | ws.BINARY
    assert ws.binary_frame(body)[1:] == framed[1:]


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_is_a_protocol_error(opcode: int) -> None:
    assert code_of(masked(opcode)) == 1002


@pytest.mark.parametrize("bits", range(0x10, 0x80, 0x10))
def test_reserved_bits_are_a_protocol_error(bits: int) -> None:
    frame = masked(ws.TEXT, b"hello")
    assert code_of(bytes((frame[0] | bits,)) + frame[1:]) == 1002


@pytest.mark.parametrize("frame", [b"\x81\x00", b"\x81\x05hello", b"\x89\x00", b"\x82\x7e\x01\x00"])
def test_a_frame_without_a_mask_is_a_protocol_error(frame: bytes) -> None:
    assert code_of(frame[:2]) == 1002
    assert code_of(frame) == 1002


@pytest.mark.parametrize("opcode", [ws.CLOSE, ws.PING, ws.PONG])
def test_control_frames_are_whole_and_short(opcode: int) -> None:
    assert code_of(masked(opcode, b"", fin=False)) == 1002
    assert code_of(masked(opcode, b"\x03\xe8" + b"x" * 124)[:2]) == 1002
    assert parse(masked(opcode, b"\x03\xe8" + b"x" * 123))[0][0] == opcode


def test_a_continuation_of_nothing_is_a_protocol_error() -> None:
    assert code_of(masked(ws.CONTINUATION, b"x")) == 1002
    whole = masked(ws.TEXT, b"a", fin=False) + masked(ws.CONTINUATION, b"b")
    assert parse(whole) == [(ws.TEXT, "ab")]
    assert code_of(whole + masked(ws.CONTINUATION, b"c")) == 1002


@pytest.mark.parametrize("opcode", [ws.TEXT, ws.BINARY])
def test_a_message_inside_another_is_a_protocol_error(opcode: int) -> None:
    assert code_of(masked(ws.TEXT, b"a", fin=False) + masked(opcode, b"b")) == 1002


@pytest.mark.parametrize("length", [b"\xfe\x00\x7d", b"\xff" + (65_535).to_bytes(8, "big")])
def test_a_length_in_a_longer_form_than_needed_is_a_protocol_error(length: bytes) -> None:
    assert code_of(b"\x82" + length + b"mask") == 1002


@pytest.mark.parametrize("size", [2**63, 2**63 + 1, 2**64 - 1])
def test_a_length_with_its_highest_bit_set_is_a_protocol_error(size: int) -> None:
    assert code_of(announced(size)[:10]) == 1002


@pytest.mark.parametrize("size", [LIMIT + 1, 2**32, 2**63 - 1])
def test_too_big_a_length_is_refused_before_mask_or_payload(size: int) -> None:
    assert code_of(announced(size)[:10]) == 1009


def test_a_message_of_the_limit_passes_and_of_one_byte_more_does_not() -> None:
    assert parse(masked(ws.BINARY, bytes(200)), limit=200) == [(ws.BINARY, bytes(200))]
    assert code_of(masked(ws.BINARY, bytes(201))[:4], limit=200) == 1009


def test_the_running_total_of_a_message_in_pieces_is_limited() -> None:
    first = masked(ws.BINARY, bytes(120), fin=False)
    assert parse(first + masked(ws.CONTINUATION, bytes(80)), limit=200) == [(ws.BINARY, bytes(200))]
    assert code_of(first + masked(ws.CONTINUATION, bytes(81))[:2], limit=200) == 1009
    # A PING between the pieces is no part of the message.
    between = masked(ws.PING, bytes(100))
    assert parse(first + between + masked(ws.CONTINUATION, bytes(80)), limit=200)[-1] == (
        ws.BINARY,
        bytes(200),
    )


def test_the_total_starts_anew_with_each_message() -> None:
    message = masked(ws.BINARY, bytes(120), fin=False) + masked(ws.CONTINUATION, bytes(80))
    assert parse(message * 3, limit=200) == [(ws.BINARY, bytes(200))] * 3


def test_an_announced_size_takes_no_memory() -> None:
    limit = 50_000_000
    parser = FrameParser(limit)
    tracemalloc.start()
    try:
        assert parser.feed(announced(limit) + bytes(1000)) == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90", b"\xf8"])
def test_invalid_utf_8_fails_as_soon_as_it_is_seen(bad: bytes) -> None:
    good = "Κόσμε".encode()
    assert code_of(masked(ws.TEXT, good + bad)) == 1007
    assert (
        code_of(masked(ws.TEXT, good, fin=False) + masked(ws.CONTINUATION, bad, fin=False)) == 1007
    )
    # Inside a frame whose end is not there yet.
    in_one_frame = masked(ws.TEXT, good + bad + b"more to come")
    assert code_of(in_one_frame[: -len(b"more to come")]) == 1007


def test_a_character_cut_by_the_end_of_the_message_is_invalid() -> None:
    assert code_of(masked(ws.TEXT, b"\xe2\x82")) == 1007
    assert code_of(masked(ws.TEXT, b"\xe2", fin=False) + masked(ws.CONTINUATION, b"\x82")) == 1007


def test_a_character_cut_by_a_frame_is_not() -> None:
    pieces = masked(ws.TEXT, b"\xe2", fin=False) + masked(ws.CONTINUATION, b"\x82\xac")
    assert parse(pieces) == [(ws.TEXT, "\N{EURO SIGN}")]


def test_binary_is_not_validated() -> None:
    assert parse(masked(ws.BINARY, b"\xff\xfe")) == [(ws.BINARY, b"\xff\xfe")]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 4999])
def test_a_close_with_a_legal_code_arrives(code: int) -> None:
    body = code.to_bytes(2, "big") + "tschüss".encode()
    assert parse(masked(ws.CLOSE, body)) == [(ws.CLOSE, Ending(code, "tschüss"))]


def test_a_close_may_be_empty() -> None:
    assert parse(masked(ws.CLOSE)) == [(ws.CLOSE, Ending(ws.NO_CODE, ""))]


@pytest.mark.parametrize(
    "code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
)
def test_a_close_with_another_code_is_a_protocol_error(code: int) -> None:
    assert code_of(masked(ws.CLOSE, code.to_bytes(2, "big"))) == 1002
    with pytest.raises(ValueError, match="code"):
        ws.close_frame(code)


def test_a_close_of_one_byte_is_a_protocol_error() -> None:
    assert code_of(masked(ws.CLOSE, b"\x03")) == 1002


def test_a_close_whose_reason_is_not_utf_8_is_invalid_text() -> None:
    assert code_of(masked(ws.CLOSE, b"\x03\xe8\xff")) == 1007


def test_nothing_arrives_after_a_close_or_a_violation() -> None:
    for last in (masked(ws.CLOSE), b"\x81\x00"):
        parser = FrameParser(LIMIT)
        assert len(parser.feed(masked(ws.TEXT, b"a") + last + masked(ws.TEXT, b"b"))) == 2
        assert parser.feed(masked(ws.TEXT, b"c")) == []


def test_what_came_before_a_violation_arrives() -> None:
    arrivals = parse(masked(ws.TEXT, b"a") + masked(ws.PING, b"b") + b"\xf1\x80")
    assert arrivals[:2] == [(ws.TEXT, "a"), (ws.PING, b"b")]
    assert arrivals[2][1].code == 1002


def test_a_long_reason_is_cut_at_a_character() -> None:
    frame = ws.close_frame(1000, "ü" * 100)
    assert frame == b"\x88\x7c\x03\xe8" + "ü".encode() * 61
    assert ws.close_frame(1001) == b"\x88\x02\x03\xe9"
    assert ws.pong_frame(b"hi") == b"\x8a\x02hi"
