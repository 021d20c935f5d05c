"""What agents thought of a document, across calls: derived from `feedback:update` events.

Owns the last word of each agent on each document in each call, with the query it was found
with and the list it stood in, and the feed by which every node learns of it:

    earshot:{tenant}:verdicts:of:DOC        hash, `agent call` -> `seq sign record`
    earshot:{tenant}:verdicts:in:CALL       set of `document agent`, for erasure
    earshot:{tenant}:verdicts:tally         hash, `document +` and `document -` -> a count
    earshot:{tenant}:verdicts:changes       sorted set, `document agent call` by version
    earshot:{tenant}:verdicts:version       a number that rises with every change
    earshot:{tenant}:verdicts:erasures      a number; another one: read everything anew
    earshot:{tenant}:verdicts:changed       channel, each new version

One script changes all of it, and of two words on the same thing the later in the log holds,
in whatever order they come. The log stays the truth.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
import redis
from msgspec import Struct

from engine.log import CallKey
from engine.showings import ShowingStore
from engine.times import instant_at, seconds_of
from engine.wire import FeedbackUpdate

CHANGED_CHANNELS = "earshot:{*}:verdicts:changed"  # a pattern for PSUBSCRIBE
FEED_KEPT = 10_000  # changes of a tenant; older verdicts are kept and teach no new node

_CHANNEL = re.compile(r"earshot:\{(.+)\}:verdicts:changed")
_READ_AT_ONCE = 500

# KEYS: of, in, tally, changes, version. ARGV: channel, document, agent, call, seq, sign (+, -
# or 0: taken back), record, changes kept. 0: a later word is known.
_NOTE = """
local field = ARGV[3] .. ' ' .. ARGV[4]
local old = redis.call('HGET', KEYS[1], field)
if old then
  local seq, sign = string.match(old, '^(%d+) ([+%-0]) ')
  if tonumber(seq) >= tonumber(ARGV[5]) then return 0 end
  if sign ~= '0' then redis.call('HINCRBY', KEYS[3], ARGV[2] .. ' ' .. sign, -1) end
end
if ARGV[6] ~= '0' then redis.call('HINCRBY', KEYS[3], ARGV[2] .. ' ' .. ARGV[6], 1) end
redis.call('HSET', KEYS[1], field, ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. ARGV[7])
redis.call('SADD', KEYS[2], ARGV[2] .. ' ' .. ARGV[3])
local version = redis.call('INCR', KEYS[5])
redis.call('ZADD', KEYS[4], version, ARGV[2] .. ' ' .. field)
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - tonumber(ARGV[8]))
redis.call('PUBLISH', ARGV[1], version)
return version
"""
# KEYS: of, in, tally, changes. ARGV: document, agent, call.
_ERASE = """
local field = ARGV[2] .. ' ' .. ARGV[3]
local old = redis.call('HGET', KEYS[1], field)
if old then
  local sign = string.match(old, '^%d+ ([+%-0]) ')
  if sign ~= '0' then redis.call('HINCRBY', KEYS[3], ARGV[1] .. ' ' .. sign, -1) end
  redis.call('HDEL', KEYS[1], field)
end
redis.call('ZREM', KEYS[4], ARGV[1] .. ' ' .. field)
redis.call('SREM', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])
return old and 1 or 0
"""


class Verdict(Struct, omit_defaults=True):
    """One agent's last word on a document in one call. `shown`: the list it stood in."""

    call_id: str
    agent_id: str
    helpful: bool
    at: str
    shown: list[str] = []


class KeptVerdict(Struct, frozen=True):
    """As it is kept. `vector` is of the query the document was found with, b'' if unknown."""

    at: str
    shown: tuple[str, ...] = ()
    model: str = ""
    vector: bytes = b""


class Learnt(NamedTuple):
    """A change of the feed. `helpful` None: taken back. `at`: seconds since 1970."""

    doc_id: str
    agent_id: str
    call_id: str
    helpful: bool | None
    at: float
    model: str
    vector: bytes


class Feed(NamedTuple):
    """What is new since a version. `anew`: forget everything known before."""

    version: int
    erasures: int
    anew: bool
    changes: list[Learnt]


_decode = msgspec.json.Decoder(FeedbackUpdate).decode
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(KeptVerdict).decode


class VerdictStore:
    """Every method raises redis.RedisError where the store is away, and may be repeated.
    `client` must not decode what the store answers."""

    def __init__(
        self,
        client: redis.Redis,
        clock: Callable[[], float] = time.time,
        showings: ShowingStore | None = None,
        kept: int = FEED_KEPT,
    ) -> None:
        self._client: Any = client
        self._clock = clock
        self._showings = showings
        self._kept = kept
        self._note = client.register_script(_NOTE)
        self._erase = client.register_script(_ERASE)

    def note(self, call: CallKey, body: bytes) -> None:
        """Keep the verdict of a `feedback:update`; one taken back counts no more."""
        event = _decode(body)
        if event.dismissed is True:
            return
        showing = self._showings.last(call, event.doc_id) if self._showings else None
        record = KeptVerdict(instant_at(self._clock()))
        if showing is not None:
            shown, model, vector = showing.documents, showing.model, showing.vector
            record = KeptVerdict(record.at, shown, model, vector)
        sign = "0" if event.helpful is None else "+" if event.helpful else "-"
        keys = _keys(call.tenant)
        self._note(
            keys=[
                keys.of(event.doc_id),
                keys.during(call.call_id),
                keys.tally,
                keys.changes,
                keys.version,
            ],
            args=[
                keys.channel,
                *(event.doc_id, event.agent_id, event.call_id, event.seq, sign),
                _pack(record) if sign != "0" else b"",
                self._kept,
            ],
        )

    def of(self, tenant: str, doc_id: str) -> list[Verdict]:
        """Newest first."""
        found = []
        for field, raw in self._client.hgetall(_keys(tenant).of(doc_id)).items():
            agent_id, call_id = field.decode().split(" ")
            _, sign, kept = _read(raw)
            if kept is not None:
                shown = list(kept.shown)
                found.append(Verdict(call_id, agent_id, sign == b"+", kept.at, shown))
        return sorted(found, key=lambda verdict: verdict.at, reverse=True)

    def tally(self, tenant: str) -> dict[str, tuple[int, int]]:
        """Document id -> (helpful, unhelpful), of those that have one."""
        found: dict[str, tuple[int, int]] = {}
        for field, raw in self._client.hgetall(_keys(tenant).tally).items():
            doc_id, sign = field.decode().split(" ")
            helpful, unhelpful = found.get(doc_id, (0, 0))
            pair = (int(raw), unhelpful) if sign == "+" else (helpful, int(raw))
            found[doc_id] = pair
        return {doc_id: pair for doc_id, pair in found.items() if any(pair)}

    def feed(self, tenant: str, version: int, erasures: int) -> Feed | None:
        """What changed since; None: nothing. (0, 0) gives everything."""
        keys = _keys(tenant)
        raw = self._client.mget(keys.version, keys.erasures)
        now, erased = int(raw[0] or 0), int(raw[1] or 0)
        anew = erased != erasures or now < version
        if now == version and not anew:
            return None
        since = 0 if anew else version
        names = self._client.zrangebyscore(keys.changes, f"({since}", "+inf")
        changes: list[Learnt] = []
        for start in range(0, len(names), _READ_AT_ONCE):
            changes += self._learn(tenant, names[start : start + _READ_AT_ONCE])
        return Feed(now, erased, anew, changes)

    def _learn(self, tenant: str, names: Iterable[bytes]) -> list[Learnt]:
        keys = _keys(tenant)
        ids = [name.decode().split(" ") for name in names]
        with self._client.pipeline(transaction=False) as pipe:
            for doc_id, agent_id, call_id in ids:
                pipe.hget(keys.of(doc_id), f"{agent_id} {call_id}")
            answers = pipe.execute()
        found = []
        for (doc_id, agent_id, call_id), raw in zip(ids, answers, strict=True):
            _, sign, kept = _read(raw) if raw is not None else (0, b"0", None)
            helpful = sign == b"+" if kept is not None else None
            at = seconds_of(kept.at) if kept is not None else 0.0
            model, vector = (kept.model, kept.vector) if kept is not None else ("", b"")
            found.append(Learnt(doc_id, agent_id, call_id, helpful, at, model, vector))
        return found

    def forget_call(self, tenant: str, call_id: str) -> None:
        """Erasure of a call reaches its verdicts, and what every node learnt from them."""
        keys = _keys(tenant)
        theirs = self._client.smembers(keys.during(call_id))
        for name in theirs:
            doc_id, agent_id = name.decode().split(" ")
            self._erase(
                keys=[keys.of(doc_id), keys.during(call_id), keys.tally, keys.changes],
                args=[doc_id, agent_id, call_id],
            )
        if theirs:
            self._client.incr(keys.erasures)
            self._client.publish(keys.channel, 0)


def tenant_of(channel: str) -> str | None:
    """Whose verdicts changed; None for another channel."""
    found = _CHANNEL.fullmatch(channel)
    return found[1] if found else None


def _read(raw: bytes) -> tuple[int, bytes, KeptVerdict | None]:
    """(seq, sign, record); no record for a verdict taken back or one nobody can read."""
    seq, sign, packed = raw.split(b" ", 2)
    try:
        return int(seq), sign, _unpack(packed) if sign != b"0" else None
    except msgspec.MsgspecError:
        return int(seq), b"0", None


class _Keys(NamedTuple):
    stem: str
    tally: str
    changes: str
    version: str
    erasures: str
    channel: str

    def of(self, doc_id: str) -> str:
        return f"{self.stem}:of:{doc_id}"

    def during(self, call_id: str) -> str:
        return f"{self.stem}:in:{call_id}"


def _keys(tenant: str) -> _Keys:
    """The braces put all of a tenant into one slot of a cluster."""
    stem = f"earshot:{{{tenant}}}:verdicts"
    names = ("tally", "changes", "version", "erasures", "changed")
    return _Keys(stem, *(f"{stem}:{name}" for name in names))
