"""The log of calls on Redis or Valkey: what engine/log.py promises, by Lua scripts.

Owns the names of a call's keys, the scripts' arguments and answers, and the form of a
hint. Every decision is made inside a script (lua/append.lua, lua/lead.lua, and lua/life.lua
in front of them), so this file decides nothing. All keys of a call share one hash tag: each
script works on a cluster too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import redis
from msgspec import Raw, msgpack

from engine.log import (
    MOVED_LIMIT,
    PAGE_BYTES,
    TOMBSTONE_S,
    Answer,
    Append,
    Appended,
    CallKey,
    Entry,
    Fenced,
    Full,
    Hint,
    Known,
    Lease,
    Missing,
    Moved,
    Page,
    Refilling,
    Reopened,
    StoredEvent,
    Top,
    check,
)
from engine.redis_pipe import RedisPipe, Script, Stamped, bulk, pack

_LIFE = "life.lua"  # before each script that looks at a log
_APPEND = Script(_LIFE, "append.lua")
_READ = Script(_LIFE, "read.lua")
_TOP = Script(_LIFE, "top.lua")
_LEAD = Script(_LIFE, "lead.lua")
_DELETE = Script("delete.lua")
SCRIPTS = (_APPEND, _READ, _TOP, _LEAD, _DELETE)
# What stands before the arguments of every append, and those of them that are mostly empty.
_APPEND_HEAD = bulk("EVALSHA") + bulk(_APPEND.sha) + bulk(3)
_APPEND_ARGUMENTS = 18  # with EVALSHA, sha and keys, without entries
_NOTHING = bulk("")
_MODES = {  # of an append, by (create, refill)
    (False, False): _NOTHING,
    (True, False): bulk("create"),
    (False, True): bulk("refill"),
    (True, True): bulk("recreate"),
}
REFILL_MS = 1000
_CALLS_KEPT = 16_384  # of whom the packed keys are kept
_NO_EPOCH = b"-"
# Entries as the stream gives them: the id, then field names and values in turn.
_Entry = tuple[str, tuple[str, str, str, Raw, str, str, str, str]]
_unpack = msgpack.Decoder(list[_Entry]).decode


class CallKeys(NamedTuple):
    """Where a call lives in the store."""

    log: str  # stream; entry id `seq-0`, fields e event, d body, k key, g digest
    # hash: epoch, first, top, fence, run_id, leader, lease_until_ms, refill_until_ms, base; or
    # `erased` alone
    meta: str
    keys: str  # hash: key -> "seq digest"
    hint: str  # channel


def keys_of(call: CallKey) -> CallKeys:
    """The braces are literal: Redis hashes what is between them, so one slot holds all."""
    stem = f"earshot:{{{call.tenant}/{call.call_id}}}:"
    return CallKeys(stem + "log", stem + "meta", stem + "keys", stem + "hint")


@lru_cache(_CALLS_KEPT)
def _append_head(call: CallKey, epoch: str) -> bytes:
    return _APPEND_HEAD + b"".join(map(bulk, keys_of(call)[:3])) + bulk(epoch)


def _packed_entry(entry: Entry) -> bytes:
    """As four `bulk`, in one go: 1.1 instead of 3.0 us."""
    key, digest, event = entry.key.encode(), entry.digest.encode(), entry.event.encode()
    body = entry.body
    k, d, e, b = len(key), len(digest), len(event), len(body)
    return b"$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        k,
        key,
        d,
        digest,
        e,
        event,
        b,
        entry.body,
    )


def hint_origin(raw: bytes) -> bytes:
    """Who published it, without reading further; empty if it is no hint."""
    words = raw[: raw.find(b"\n")].split(b" ", 3)
    return words[2].rpartition(b"@")[0] or words[2] if len(words) == 4 else b""


def parse_hint(call: CallKey, raw: bytes) -> Hint | None:
    """What lua/append.lua published on the call's channel; None if it is anything else.

    A line `epoch first_seq origin count`, then for each event a line `event body_length
    key_length digest_length`, body, key and digest in that many bytes and a line feed, and
    nothing after the last. The origin is `node@arrived_ms`, or `node` where no time is said.
    Epoch `-` and seq 0 are of interim text (`interim_hint`), which is in no log.
    """
    head, newline, _ = raw.partition(b"\n")
    words = head.split(b" ")
    if not newline or len(words) != 4 or not all(words):
        return None
    seq, count = _number(words[1]), _number(words[3])
    if seq is None or not count or (seq == 0) != (words[0] == _NO_EPOCH):
        return None
    at, events = len(head) + 1, []
    try:
        for place in range(seq, seq + count):
            end = raw.find(b"\n", at)
            name, *written = raw[at : max(end, at)].split(b" ")
            body_size, key_size, digest_size = _three(written)
            key_at = end + 1 + body_size
            digest_at = key_at + key_size
            at = digest_at + digest_size + 1
            if not name or raw[at - 1 : at] != b"\n":
                return None
            key, digest = raw[key_at:digest_at].decode(), raw[digest_at : at - 1].decode()
            body = raw[end + 1 : key_at]
            events.append(StoredEvent(place, name.decode(), body, key, digest))
        if at != len(raw):
            return None
        origin, _, arrived = words[2].rpartition(b"@")
        arrived_ms = _number(arrived) if origin else None
        name = origin if arrived_ms is not None else words[2]
        return Hint(call, words[0].decode(), seq, name.decode(), tuple(events), arrived_ms or 0)
    except ValueError:  # no text, or no number
        return None


def _three(texts: list[bytes]) -> tuple[int, int, int]:
    """Raises ValueError for anything but three numbers."""
    first, second, third = map(_number, texts)
    if first is None or second is None or third is None:
        raise ValueError("no number")
    return first, second, third


def interim_hint(node: str, body: bytes, event: str = "transcription:update") -> bytes:
    """Interim text, or another state that is in no log, for the other nodes that follow the
    call, as `parse_hint` reads it."""
    head = f"{_NO_EPOCH.decode()} 0 {node} 1\n{event} {len(body)} 0 0\n"
    return head.encode() + body + b"\n"


def _number(text: bytes) -> int | None:
    # At most 15 digits, which Lua holds exactly, and only as Lua writes them.
    if not text.isdigit() or len(text) > 15 or (text[:1] == b"0" and text != b"0"):
        return None
    return int(text)


class RedisLog:
    """A CallLog on a store that all nodes share.

    `client`: its pool is used and its time-outs hold; the client's own retries must be off,
    for a connection that cannot be had is reported at once. `node` is the origin in hints.
    `refill_ms` is how long, in a new epoch, only what was acknowledged before is taken.
    `cluster` publishes hints on shard channels. Which run of which server answers is told by
    the connection that a command leaves on.

    An append of several requests is one pipeline. When some of its answers came and others
    failed, LogUnavailable(uncertain=True) is raised for all: whoever asks again with the
    same keys is told Known for what had happened.
    """

    def __init__(
        self,
        client: redis.Redis,
        node: str,
        max_events: int = 50_000,
        *,
        refill_ms: int = REFILL_MS,
        cluster: bool = False,
    ) -> None:
        if not node or any(letter.isspace() or letter == "@" for letter in node):
            raise ValueError("`node` must be a name without spaces and @: it stands in each hint")
        self._pipe = RedisPipe(client, SCRIPTS)
        self._node = node
        self._refill_ms = refill_ms
        publish = "SPUBLISH" if cluster else "PUBLISH"
        self._publish = publish
        # What every append of ours ends its fixed arguments with, before the origin.
        tail: list[str | int] = [refill_ms, max_events, MOVED_LIMIT, publish]
        self._append_tail = b"".join(map(bulk, tail))

    def append(self, requests: Sequence[Append]) -> list[Answer]:
        check(requests)
        commands = [self.append_command(request) for request in requests]
        raw = self._pipe.run(commands, changes=True)
        return [append_answer(request, one) for request, one in zip(requests, raw, strict=True)]

    def read(self, call: CallKey, after: int, limit: int) -> Page | None:
        return self._page(call, max(after, 0), limit)

    def last(self, call: CallKey, limit: int) -> Page | None:
        page = self._page(call, "", limit)
        return page if page is None else page._replace(events=page.events[::-1])

    def tops(self, calls: Sequence[CallKey]) -> list[Top | None]:
        answers = self._pipe.run(list(map(self.top_command, calls)), changes=False)
        return list(map(top_answer, answers))

    def leases_until(self, calls: Sequence[CallKey]) -> list[float | None]:
        """When each call's lease ends or ended, in seconds since 1970 by the store's clock. None:
        nobody leads it; a leader that leaves gives up its lease, one that dies does not."""
        commands = [pack(("HGET", keys_of(call).meta, "lease_until_ms")) for call in calls]
        found = self._pipe.run(commands, changes=False)
        return [None if until_ms is None else int(until_ms) / 1000 for until_ms in found]

    def over(self, calls: Sequence[CallKey]) -> list[bool]:
        """Of which the log leaves the store at a set time: the call has ended, or was erased."""
        commands = [pack(("PTTL", keys_of(call).meta)) for call in calls]
        return [left_ms > 0 for left_ms in self._pipe.run(commands, changes=False)]

    def lead(self, call: CallKey, node: str, ttl_ms: int) -> Lease | None:
        if ttl_ms < 1:
            raise ValueError("ttl_ms must be 1 or more")
        [answer] = self._pipe.run([self.lead_command(call, node, ttl_ms)], changes=True)
        return lead_answer(answer)

    def resign(self, call: CallKey, node: str) -> None:
        self._pipe.run([self.lead_command(call, node, 0)], changes=True)

    def delete(self, call: CallKey) -> bool:
        command = _DELETE.command(keys_of(call)[:3], TOMBSTONE_S * 1000)
        [erased] = self._pipe.run([command], changes=True)
        return bool(erased)

    def append_command(self, request: Append) -> Stamped:
        """For a link of the caller's own; the answer goes to `append_answer`."""
        fence, base, expire_s = request.fence, request.base, request.expire_s
        parts = [
            bulk(request.expected_seq),
            _NOTHING if fence is None else bulk(fence),
            _MODES[request.create, request.refill],
            _NOTHING if base is None else bulk(base),
            _NOTHING if expire_s is None else bulk(expire_s),
            self._append_tail,
            bulk(f"{self._node}@{request.arrived_ms}" if request.arrived_ms else self._node),
        ]
        parts += map(_packed_entry, request.entries)
        arguments = _APPEND_ARGUMENTS + 4 * len(request.entries)
        head = b"*%d\r\n%b" % (arguments, _append_head(request.call, request.epoch))
        return Stamped(head, b"".join(parts))

    def top_command(self, call: CallKey) -> Stamped:
        return _TOP.stamped([keys_of(call).meta], self._refill_ms)

    def lead_command(self, call: CallKey, node: str, ttl_ms: int) -> Stamped:
        """`ttl_ms` 0 resigns."""
        return _LEAD.stamped([keys_of(call).meta], self._refill_ms, node, ttl_ms)

    def interim_command(
        self, call: CallKey, body: bytes, event: str = "transcription:update"
    ) -> bytes:
        """Publishes interim text, or another state, to the other nodes."""
        return pack((self._publish, keys_of(call).hint, interim_hint(self._node, body, event)))

    def _page(self, call: CallKey, after: int | str, limit: int) -> Page | None:
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        keys = keys_of(call)
        command = _READ.stamped([keys.log, keys.meta], self._refill_ms, after, limit, PAGE_BYTES)
        [answer] = self._pipe.run([command], changes=False)
        if answer is None:
            return None
        epoch, first, top, packed, fence, base = answer
        return Page(epoch.decode(), int(first), top, _events(packed), fence, base or None)


def top_answer(raw: list[Any] | None) -> Top | None:
    return None if raw is None else Top(raw[0].decode(), raw[1])


def lead_answer(raw: list[Any] | None) -> Lease | None:
    if raw is None:
        return None
    mine, fence, left_ms = raw
    return Lease(bool(mine), int(fence), int(left_ms))


def append_answer(request: Append, raw: list[Any]) -> Answer:
    """The script's answer in the words of the log."""
    match raw[0], raw[1:]:
        case b"appended", [top]:
            return Appended(top)
        case b"known", found:
            return Known(_known(request, found))
        case b"moved", [top, packed]:
            return Moved(top, _events(packed))
        case b"reopened", [epoch, top]:
            return Reopened(epoch.decode(), top)
        case b"refilling", [ms]:
            return Refilling(ms)
        case b"fenced", [fence]:
            return Fenced(fence)
        case b"full", [top]:
            return Full(top)
        case b"missing", []:
            return Missing()
    raise AssertionError(f"append.lua answered {raw!r}")


def _known(request: Append, found: list[Any]) -> dict[str, tuple[int, bool]]:
    known = {}
    for index, stored in zip(found[::2], found[1::2], strict=True):
        seq, _, digest = stored.partition(b" ")
        entry = request.entries[index]
        known[entry.key] = (int(seq), digest == entry.digest.encode())
    return known


def _events(packed: bytes) -> tuple[StoredEvent, ...]:
    return tuple(
        StoredEvent(int(entry_id[:-2]), event, _bytes(body), key, digest)
        for entry_id, (_e, event, _d, body, _k, key, _g, digest) in _unpack(packed)
    )


def _bytes(packed: Raw) -> bytes:
    """A MessagePack string as bytes: a body is not decoded to text on its way."""
    whole = bytes(packed)
    return whole[{0xD9: 2, 0xDA: 3, 0xDB: 5}.get(whole[0], 1) :]
