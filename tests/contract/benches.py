"""A log under test with what a test needs around it, on every implementation.

Owns what cannot be had from outside: an older log, another run of the store, a lost end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.log import Answer, Append, Appended, CallKey, CallLog, Entry, Hint, StoredEvent
from engine.log_memory import MemoryLog
from engine.log_redis import RedisLog, keys_of, parse_hint
from engine.store import connect
from tests.contract.entries import EPOCH
from tests.contract.stores import BOUND_S


class Bench:
    """A log under test: a CallLog with what a test needs around it."""

    log: CallLog

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def write(self, call: CallKey, expected_seq: int, made: Iterable[Entry], **more: Any) -> Answer:
        """One append of epoch EPOCH, unless `more` names another."""
        request = Append(call, more.pop("epoch", EPOCH), expected_seq, tuple(made), **more)
        [answer] = self.log.append([request])
        return answer

    def create(self, call: CallKey, *keys: str) -> None:
        made = [Entry(key, "d", "transcription:update", b"{}") for key in keys or ("created",)]
        assert self.write(call, 0, made, create=True) == Appended(len(made))

    def contents(self, call: CallKey) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        while (page := self.log.read(call, len(found), 1000)) is not None and page.events:
            found += page.events
        return found


class MemoryBench(Bench):
    """The reference log with its clock in the test's hand."""

    def __init__(self, max_events: int) -> None:
        self.now_s = 1_700_000_000.0
        self.log: CallLog = MemoryLog(lambda: self.now_s, max_events, node="node-1")
        self._hints: list[Hint] = []
        self.log.subscribe(self._hints.append)  # type: ignore[attr-defined]

    def listen(self, call: CallKey) -> None:
        pass

    def hints(self, call: CallKey, count: int) -> list[Hint]:
        return [hint for hint in self._hints if hint.call == call]

    def age(self, call: CallKey, seconds: int) -> None:
        """Time passes for the call; a negative number puts off what would end."""
        self.now_s += seconds

    def restart(self, call: CallKey) -> None:
        """The call's log was written by another run of the store than the one that answers."""
        if call in self._lives:
            self._lives[call].run_id = "another run"

    def lose(self, call: CallKey, count: int) -> None:
        """The last `count` events are gone, and their keys; all of them: the log is."""
        life = self._lives[call]
        for event in life.events[-count:]:
            del life.keys[event.key]
        del life.events[-count:]
        if not life.events:
            del self._lives[call]

    @property
    def _lives(self) -> dict[CallKey, Any]:
        return self.log._lives  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        pass


class RedisBench(Bench):
    """The log on a real store. Its clock cannot be moved, so the call's deadlines are."""

    def __init__(self, url: str, max_events: int) -> None:
        self.client = connect(url)
        self.log: CallLog = RedisLog(self.client, "node-1", max_events)
        self._pubsub: Any = self.client.pubsub()

    def listen(self, call: CallKey) -> None:
        self._pubsub.subscribe(keys_of(call).hint)
        assert self._pubsub.get_message(timeout=BOUND_S)["type"] == "subscribe"

    def hints(self, call: CallKey, count: int) -> list[Hint]:
        """The next `count` hints: waits for them, and for none beyond."""
        found = []
        for _ in range(count):
            message = self._pubsub.get_message(timeout=BOUND_S)
            assert message is not None, "a hint did not come"
            assert message["channel"] == keys_of(call).hint.encode()
            hint = parse_hint(call, message["data"])
            assert hint is not None, message
            found.append(hint)
        return found

    def age(self, call: CallKey, seconds: int) -> None:
        keys = keys_of(call)
        for deadline in ("lease_until_ms", "refill_until_ms"):
            if self.client.hexists(keys.meta, deadline):
                self.client.hincrby(keys.meta, deadline, -1000 * seconds)
        for key in keys[:3]:
            ends_ms: Any = self.client.pexpiretime(key)
            if ends_ms > 0:
                self.client.pexpireat(key, ends_ms - 1000 * seconds)

    def restart(self, call: CallKey) -> None:
        if self.client.hexists(keys_of(call).meta, "epoch"):
            self.client.hset(keys_of(call).meta, "run_id", "another run")

    def lose(self, call: CallKey, count: int) -> None:
        keys = keys_of(call)
        events: Any = self.client.xrange(keys.log)
        count = min(count, len(events))
        self.client.delete(keys.log)  # a stream remembers its last id: it is written anew
        for entry_id, fields in events[:-count]:
            self.client.xadd(keys.log, fields, id=entry_id)
        for _, fields in events[-count:]:
            self.client.hdel(keys.keys, fields[b"k"])
        self.client.hincrby(keys.meta, "top", -count)
        if len(events) == count:
            self.client.delete(*keys[:3])

    def close(self) -> None:
        self._pubsub.close()
        self.client.close()
