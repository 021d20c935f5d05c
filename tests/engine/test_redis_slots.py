"""Slots: which one a command is for, and who has it."""

from __future__ import annotations

import pytest

from engine.redis_slots import Redirected, holders, key_of, redirected, servers, slot_of
from engine.redis_words import pack


@pytest.mark.parametrize(
    ("key", "slot"),
    [  # as CLUSTER KEYSLOT tells
        (b"123456789", 12739),
        (b"{user1000}.following", 3443),
        (b"foo{}{bar}", 8363),
        (b"foo{{bar}}zap", 4015),
        (b"foo{bar}{zap}", 5061),
    ],
)
def test_a_keys_slot_is_of_what_stands_in_its_first_braces(key: bytes, slot: int) -> None:
    assert slot_of(key) == slot


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("HMGET", "the key", "field"), b"the key"),
        (("EVALSHA", "sha", 2, "first", "second", "argument"), b"first"),
        (("SPUBLISH", "channel", "body"), b"channel"),
        (("PUBLISH", "channel", "body"), None),
        (("SCRIPT", "LOAD", "return 1"), None),
    ],
)
def test_a_packed_command_tells_its_first_key(command: tuple[str, ...], key: bytes | None) -> None:
    assert key_of(pack(command)) == key


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ("MOVED 3999 127.0.0.1:6381", Redirected(3999, "127.0.0.1", 6381, True)),
        ("ASK 3999 ::1:6381", Redirected(3999, "::1", 6381, False)),
        ("MOVED 3999 :6381", Redirected(3999, "", 6381, True)),
        ("MOVED here", None),
        ("WRONGTYPE no", None),
    ],
)
def test_a_redirection_is_read(error: str, found: Redirected | None) -> None:
    assert redirected(error) == found


def test_the_answer_about_slots_is_read() -> None:
    told = [
        [0, 1, [b"a", 7000, b"id", []], [b"b", 7001, b"id", []]],
        [2, 2, [None, 7002, b"id", []]],
    ]
    asked = ("asked", 9)
    assert holders(told, asked) == {0: ("a", 7000), 1: ("a", 7000), 2: ("asked", 7002)}
    assert servers(told, asked) == {("a", 7000), ("b", 7001), ("asked", 7002)}
