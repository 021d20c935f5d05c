"""The form of a hint: strict, so that nonsense on a channel is dropped and harms nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log import CallKey, Hint, StoredEvent
from engine.log_redis import interim_hint, keys_of, parse_hint

CALL = CallKey("default", "call-1")
RAW = b"0001 7 node-1 2\ncall:status 2 1 1\n{}kd\nai:suggestion 4 0 3\na\nb\n d \n"

words = st.text(st.characters(exclude_characters=" \n", exclude_categories=["Cs"]), min_size=1)
texts = st.text(st.characters(exclude_categories=["Cs"]))


def _hint(
    epoch: str, seq: int, origin: str, made: list[tuple[str, bytes, str, str]], arrived_ms: int
) -> Hint:
    events = [StoredEvent(place, *one) for place, one in enumerate(made, start=seq)]
    return Hint(CALL, epoch, seq, origin, tuple(events), arrived_ms)


hints = st.builds(
    _hint,
    words.filter(lambda epoch: epoch != "-"),  # that one says: interim text, seq 0
    st.integers(1, 10**15 - 1),
    words.filter(lambda origin: "@" not in origin),
    st.lists(st.tuples(words, st.binary(), texts, texts), min_size=1, max_size=4),
    st.integers(0, 10**15 - 1),
)


def written(hint: Hint) -> bytes:
    """As lua/append.lua writes it."""
    origin = f"{hint.origin}@{hint.arrived_ms}" if hint.arrived_ms else hint.origin
    raw = f"{hint.epoch} {hint.seq} {origin} {len(hint.events)}\n".encode()
    for _, event, body, key, digest in hint.events:
        name, key_text, digest_text = event.encode(), key.encode(), digest.encode()
        raw += b"%b %d %d %d\n" % (name, len(body), len(key_text), len(digest_text))
        raw += body + key_text + digest_text + b"\n"
    return raw


def test_a_hint_is_read_with_bodies_that_hold_line_feeds() -> None:
    events = (
        StoredEvent(7, "call:status", b"{}", "k", "d"),
        StoredEvent(8, "ai:suggestion", b"a\nb\n", "", " d "),
    )
    assert parse_hint(CALL, RAW) == Hint(CALL, "0001", 7, "node-1", events)


@given(hint=hints)
def test_every_hint_that_is_written_is_read_back(hint: Hint) -> None:
    assert parse_hint(CALL, written(hint)) == hint


@given(hint=hints, at=st.integers(0, 40), junk=st.binary(max_size=3))
def test_a_hint_that_was_tampered_with_never_raises(hint: Hint, at: int, junk: bytes) -> None:
    raw = written(hint)
    parse_hint(CALL, raw[:at] + junk + raw[at + 1 :])


@given(cut=st.integers(0, len(RAW) - 1))
def test_a_hint_cut_short_is_no_hint(cut: int) -> None:
    assert parse_hint(CALL, RAW[:cut]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"nonsense",
        b"0001 7 node-1\ncall:status 2 0 0\n{}\n",
        b"0001 7 node 1 1\ncall:status 2 0 0\n{}\n",
        b" 7 node-1 1\ncall:status 2 0 0\n{}\n",
        b"0001 0 node-1 1\ncall:status 2 0 0\n{}\n",
        b"0001 -7 node-1 1\ncall:status 2 0 0\n{}\n",
        b"0001 007 node-1 1\ncall:status 2 0 0\n{}\n",
        b"0001 7 node-1 0\n",
        b"0001 7 node-1 2\ncall:status 2 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 2 0 0\n{}\ncall:status 2 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 1 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 3 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status -1 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status\n{}\n",
        b"0001 7 node-1 1\n 2 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 2 0 0\n{}\n\n",
        b"0001 7 node-1 999999999999999999999\ncall:status 2 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 999999999999999 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 2 0 1\n{}\n",
        b"0001 7 node-1 1\ncall:status 2 0 0 0\n{}\n",
        b"0001 7 node-1 1\ncall:status 2 0 1\n{}\xff\n",
        b"\xff 7 node-1 1\ncall:status 2 0 0\n{}\n",
    ],
)
def test_nonsense_is_no_hint(raw: bytes) -> None:
    assert parse_hint(CALL, raw) is None


def test_all_keys_of_a_call_share_one_hash_tag() -> None:
    assert keys_of(CALL) == (
        "earshot:{default/call-1}:log",
        "earshot:{default/call-1}:meta",
        "earshot:{default/call-1}:keys",
        "earshot:{default/call-1}:hint",
    )


def test_interim_text_is_a_hint_with_seq_0_and_no_epoch() -> None:
    hint = parse_hint(CALL, interim_hint("node-1", b'{"text":"hel"}'))
    assert hint is not None
    assert (hint.epoch, hint.seq, hint.origin) == ("-", 0, "node-1")
    assert hint.events == (StoredEvent(0, "transcription:update", b'{"text":"hel"}', "", ""),)
    assert parse_hint(CALL, b"- 1 node-1 1\ncall:status 2 0 0\n{}\n") is None
