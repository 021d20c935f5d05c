"""Lists of calls, derived from their logs: a tenant's, an agent's, the live ones.

Owns what `GET /calls`, an agent's connect and the sweep read. It is written before a log
and is no truth: a call listed here may have no log, and a sweep repairs what differs. All
of a tenant shares a hash tag of its own, for it cannot share a call's. That an agent's lists
changed is announced by engine/standing.py.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
import redis

from engine.errors import BadRequest
from engine.redis_pipe import Command, RedisPipe, Script
from engine.times import seconds_of
from engine.wire import CallView, Status

_TENANTS = "earshot:tenants"
LIST_LIMIT = 1_000  # views that one answer holds, at most
SCAN_LIMIT = 2_000  # calls that one page looks at, at most
_CHUNK = 200
_MEMBER = re.compile(r"[0-9]{15}:[A-Za-z0-9_.:@|+*-]{1,128}")
_INDEX = Script("index.lua")

Views = list[CallView]
Page = tuple[Views, str | None]

_encode = msgspec.json.Encoder().encode
_decode_view = msgspec.json.Decoder(CallView).decode


class CallIndex:
    """Every call of every tenant, newest first by start.

    Ended calls are kept for `retention_of(tenant)` seconds after their end, and at most
    `max_ended` of a tenant, those that ended first leaving first. Everything raises
    LogUnavailable; every write may be repeated. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        max_ended: int = 10_000,
        retention_of: Callable[[str], float] = lambda tenant: 604_800,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pipe = RedisPipe(client, (_INDEX,))
        self._max_ended = max_ended
        self._retention_of = retention_of
        self._clock = clock

    def put(self, tenant: str, view: CallView, ended: bool) -> None:
        """Enter the call or what is new of it. One round trip; up to three when it has ended."""
        state = _state(ended)
        lists = [state, *(f"agent:{agent_id}:{state}" for agent_id in view.agent_ids)]
        end = ""
        if ended:
            end = str(seconds_of(view.ended_at) if view.ended_at else self._clock())
        put = self._script(tenant, view.call_id, _encode(view), end, _member(view), *lists)
        self._pipe.run([put, ("SADD", _TENANTS, tenant)], changes=True)
        if ended:
            self._trim(tenant)

    def remove(self, tenant: str, call_id: str) -> bool:
        """False: it was not there."""
        [removed] = self._pipe.run([self._script(tenant, call_id, b"", "", "")], changes=True)
        return bool(removed)

    def get(self, tenant: str, call_id: str) -> CallView | None:
        return self._views(tenant, [call_id])[0]

    def list(
        self,
        tenant: str,
        status: Status | None = None,
        agent_id: str | None = None,
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page:
        """A page, newest first, and the token of the next one (None: this was the last).

        A page may be short, or empty, with a token: when it has looked at SCAN_LIMIT calls
        of another status, or when calls left the lists meanwhile. Raises BadRequest naming
        `limit` or `page_token`.
        """
        if not 1 <= limit <= LIST_LIMIT:
            raise BadRequest(f"`limit` must be 1 to {LIST_LIMIT}", field="limit")
        at = None if page_token is None else _member_of(page_token)
        states = ("live", "ended") if status is None else (_state(status == "ended"),)
        lists = [state if agent_id is None else f"agent:{agent_id}:{state}" for state in states]
        step = _CHUNK if status in ("active", "on_hold") else min(limit + 1, _CHUNK)
        page: Views = []
        for _ in range(0, SCAN_LIMIT, step):
            found = self._read(tenant, lists, at, step)
            for place, (member, view) in enumerate(found, start=1):
                at = member
                if view is not None and status in (None, view.status):
                    page.append(view)
                if len(page) == limit:
                    is_last = place == len(found) < step
                    return page, None if is_last else _token_of(member)
            if len(found) < step:
                return page, None
        return page, None if at is None else _token_of(at)

    def calls_of_agent(self, tenant: str, agent_id: str) -> Views:
        """The live ones, newest first; at most LIST_LIMIT."""
        found = self._read(tenant, [f"agent:{agent_id}:live"], None, LIST_LIMIT)
        return [view for _, view in found if view is not None]

    def live(self, tenant: str | None = None) -> Iterator[tuple[str, CallView]]:
        """(tenant, view) of every live call, of every tenant if none is named. It reads on
        while it is consumed: a call that ends meanwhile may or may not come."""
        tenants = self._tenants() if tenant is None else [tenant]
        for name in tenants:
            at: str | None = None
            while True:
                found = self._read(name, ["live"], at, _CHUNK)
                yield from ((name, view) for _, view in found if view is not None)
                if len(found) < _CHUNK:
                    break
                at = found[-1][0]

    def ended_since(self, moment_s: float) -> Iterator[tuple[str, str]]:
        """(tenant, call_id) of every call that ended after then, of every tenant; of one tenant
        at most LIST_LIMIT, the last ones."""
        for tenant in self._tenants():
            command = ("ZRANGE", _stem(tenant) + "ends", "+inf", str(moment_s), "BYSCORE", "REV")
            [found] = self._pipe.run([(*command, "LIMIT", 0, LIST_LIMIT)], changes=False)
            yield from ((tenant, call_id.decode()) for call_id in found)

    def _tenants(self) -> Sequence[str]:
        [names] = self._pipe.run([("SMEMBERS", _TENANTS)], changes=False)
        return sorted(name.decode() for name in names)

    def _script(self, tenant: str, call_id: str, *arguments: str | bytes) -> bytes:
        stem = _stem(tenant)
        keys = [stem + "views", stem + "places", stem + "ends", rows_key(tenant)]
        return _INDEX.command(keys, stem, call_id, *arguments)

    def _read(
        self, tenant: str, lists: Sequence[str], at: str | None, limit: int
    ) -> Sequence[tuple[str, CallView | None]]:
        """The members after `at` in these lists together, each with its view."""
        start = "+" if at is None else f"({at}"
        commands: Sequence[Command] = [
            ("ZRANGE", _stem(tenant) + name, start, "-", "BYLEX", "REV", "LIMIT", 0, limit)
            for name in lists
        ]
        answers = self._pipe.run(commands, changes=False)
        # A call that ends between two of the answers is in both.
        unique = {member.decode() for answer in answers for member in answer}
        members = sorted(unique, reverse=True)[:limit]
        views = self._views(tenant, [member.partition(":")[2] for member in members])
        return tuple(zip(members, views, strict=True))

    def _views(self, tenant: str, call_ids: Sequence[str]) -> Sequence[CallView | None]:
        if not call_ids:
            return []
        [raw] = self._pipe.run([("HMGET", _stem(tenant) + "views", *call_ids)], changes=False)
        return [_view_of(one) for one in raw]

    def _trim(self, tenant: str) -> None:
        """Take out calls that ended too long ago, and those above the bound."""
        ends = _stem(tenant) + "ends"
        too_old = f"({self._clock() - self._retention_of(tenant)}"
        old, excess = self._pipe.run(
            [
                ("ZRANGE", ends, "-inf", too_old, "BYSCORE", "LIMIT", 0, _CHUNK),
                ("ZRANGE", ends, 0, -self._max_ended - 1),
            ],
            changes=False,
        )
        leaving = dict.fromkeys([*old, *excess[:_CHUNK]])
        removals = [self._script(tenant, call_id.decode(), b"", "", "") for call_id in leaving]
        self._pipe.run(removals, changes=True)


def _state(ended: bool) -> str:
    return "ended" if ended else "live"


def rows_key(tenant: str) -> str:
    """Where engine/wall.py keeps what a wall shows of a live call; it leaves with the call."""
    return _stem(tenant) + "rows"


def _stem(tenant: str) -> str:
    return f"earshot:calls:{{{tenant}}}:"


def _view_of(raw: bytes | None) -> CallView | None:
    """None too for what a newer node wrote and this one cannot read: the log has the truth."""
    try:
        return None if raw is None else _decode_view(raw)
    except msgspec.DecodeError:
        return None


def _member(view: CallView) -> str:
    """A call's place in a list: lists are in the order of their members' text."""
    return f"{int(seconds_of(view.started_at) * 1000):015d}:{view.call_id}"


def _token_of(member: str) -> str:
    return base64.urlsafe_b64encode(member.encode()).decode().rstrip("=")


def _member_of(token: str) -> str:
    try:
        member = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        member = ""
    if not _MEMBER.fullmatch(member):
        raise BadRequest("`page_token` is not one that a page gave", field="page_token")
    return member
