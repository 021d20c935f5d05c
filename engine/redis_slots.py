"""Which slot of a cluster a command belongs to, and which server holds which slot.

Owns the arithmetic of slots and what CLUSTER SLOTS says. Pure: no connection, no client.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Any, NamedTuple

from engine.store_url import Address

SLOTS = 16_384
# Where the first key stands in a command of several words; others have it behind the name.
KEY_AT = {b"EVALSHA": 3, b"EVAL": 3}
KEYLESS = frozenset((b"SCRIPT", b"PUBLISH", b"INFO", b"CONFIG", b"PING", b"CLUSTER", b"WAIT"))


class Redirected(NamedTuple):
    """`MOVED slot host:port` and `ASK slot host:port`. The host may be "": the one asked."""

    slot: int
    host: str
    port: int
    for_good: bool  # MOVED: also what comes later


def slot_of(key: bytes) -> int:
    """By what stands in the key's first pair of braces, if anything does."""
    _, opened, rest = key.partition(b"{")
    tag, closed, _ = rest.partition(b"}")
    return crc_hqx(tag if opened and closed and tag else key, 0) % SLOTS


def key_of(packed: bytes) -> bytes | None:
    """The first key of a packed command; None for one that any server may run."""
    at = packed.find(b"\n") + 1
    name, at = _word(packed, at)
    name = name.upper()
    if name in KEYLESS:
        return None
    for _ in range(KEY_AT.get(name, 1)):
        key, at = _word(packed, at)
    return key


def _word(packed: bytes, at: int) -> tuple[bytes, int]:
    end = packed.index(b"\r\n", at)
    start = end + 2
    stop = start + int(packed[at + 1 : end])
    return packed[start:stop], stop + 2


def redirected(error: str) -> Redirected | None:
    """What an error answer says of where to go; None for any other error."""
    words = error.split(" ")
    if len(words) < 3 or words[0] not in ("MOVED", "ASK"):
        return None
    host, _, port = words[2].rpartition(":")
    if not (words[1].isdigit() and port.isdigit()):
        return None
    return Redirected(int(words[1]), host.strip("[]"), int(port), words[0] == "MOVED")


def holders(told: list[Any], asked: Address) -> dict[int, Address]:
    """slot -> its primary, from CLUSTER SLOTS' answer of the node that was asked."""
    found: dict[int, Address] = {}
    for first, last, primary, *_ in told:
        found.update(dict.fromkeys(range(first, last + 1), _address(primary, asked)))
    return found


def servers(told: list[Any], asked: Address) -> set[Address]:
    """Primaries and replicas, from the same answer."""
    return {_address(server, asked) for _, _, *shard in told for server in shard}


def _address(server: list[Any], asked: Address) -> Address:
    """One without a host of its own is where the asked one is."""
    host = server[0].decode() if isinstance(server[0], bytes) else str(server[0] or "")
    return asked[0] if host in ("", "?") else host, int(server[1])
