"""The reference log and the real one, side by side under one random history.

Every answer is compared, and at the end everything that either of them holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.log import Append, CallKey, Entry, Fenced, Lease, Page, Refilling
from engine.log_redis import keys_of

KEYS = [f"key-{number}" for number in range(40)]
EPOCHS = ["0001", "0002"]
NODES = ["node-1", "node-2", "node-3"]
STEP_S = 35  # no sum of it meets a lease of 60 s or an end in 100 s exactly
NAMED_BY_TIME = 10**9  # fences above are of logs made anew: each clock's own
DRIFT_MS = 30_000  # the real clock goes on while the machine works
HELD_MS = 30_000  # so the store's refill windows are held open: to less than STEP_S

places = st.integers(0, 1)  # which of the two calls
tops_off = st.sampled_from([0, 0, 0, 0, 0, 0, -1, -3, -70, 1])
entry = st.builds(
    Entry,
    key=st.sampled_from(KEYS),
    digest=st.sampled_from(["d", "d", "d", "other"]),
    event=st.sampled_from(["transcription:update", "call:status"]),
    body=st.one_of(
        st.binary(max_size=20), st.just(30_000).map(bytes)
    ),  # two fit a page, three do not
)
some = st.lists(entry, min_size=1, max_size=3, unique_by=lambda made: made.key)
# New keys in bulk, so that logs grow past MOVED_LIMIT and to their bound.
bulk = st.integers(1, 70)
wrong = {
    "epoch": st.sampled_from(EPOCHS),
    "fence": st.integers(0, 2),
    "create": st.booleans(),
    "expire_s": st.just(100),
    "refill": st.just(True),
}
more = st.one_of(
    st.just({}),
    st.builds(lambda fence: {"fence": fence}, wrong["fence"]),
    st.just({"refill": True}),
    st.fixed_dictionaries({}, optional=wrong),
)
request = st.tuples(places, tops_off, some, more)


class LogMachine(RuleBasedStateMachine):
    def __init__(self, benches: tuple[Any, Any], calls: list[CallKey]) -> None:
        super().__init__()
        self.memory, self.store = benches
        self.calls = calls
        self.bulk_keys = 0
        self.epochs: dict[str, str] = {}  # of the memory's, that the store names otherwise
        self.held: set[tuple[CallKey, int]] = set()  # ends of windows that are not to be put off

    @initialize(made=some)
    def begin(self, made: list[Entry]) -> None:
        for call in self.calls:
            self.compare_append([Append(call, EPOCHS[0], 0, tuple(made), create=True)])

    @rule(place=places, lost=st.sampled_from([0, 0, 1, 1, 3, 250]))
    def comes_back_as_another_run(self, place: int, lost: int) -> None:
        """Without its last events, or without the log."""
        call = self.calls[place]
        self.memory.now_s += 0.001  # its clock stands still, and epochs are named by it
        for bench in (self.memory, self.store):
            [top] = bench.log.tops([call])
            if top is not None and lost:
                bench.lose(call, lost)
            bench.restart(call)
        self.learn_epochs()

    @precondition(lambda self: None in self.memory.log.tops(self.calls))
    @rule(place=places, epoch=st.sampled_from(EPOCHS), made=some, behind=st.integers(1, 9))
    def make_anew(self, place: int, epoch: str, made: list[Entry], behind: int) -> None:
        request = Append(self.calls[place], epoch, behind, tuple(made), create=True, refill=True)
        self.compare_append([request._replace(base=b"state", fence=behind)])

    @precondition(lambda self: None in self.memory.log.tops(self.calls))
    @rule(place=places, epoch=st.sampled_from(EPOCHS), made=some)
    def create(self, place: int, epoch: str, made: list[Entry]) -> None:
        self.compare_append([Append(self.calls[place], epoch, 0, tuple(made), create=True)])

    @rule(asked=request)
    def append_one(self, asked: Any) -> None:
        self.compare_append([self.request(*asked)])

    @rule(asked=st.lists(request, min_size=2, max_size=5))
    def append_several(self, asked: list[Any]) -> None:
        self.compare_append([self.request(*one) for one in asked])

    @rule(place=places, count=bulk)
    def append_many_entries(self, place: int, count: int) -> None:
        made = [Entry(f"bulk-{self.bulk_keys + n}", "", "e", b"{}") for n in range(count)]
        self.bulk_keys += count
        self.compare_append([self.request(place, 0, made, {})])

    @rule(place=places, node=st.sampled_from(NODES))
    def lead(self, place: int, node: str) -> None:
        wanted = self.memory.log.lead(self.calls[place], node, 60_000)
        got = self.store.log.lead(self.calls[place], node, 60_000)
        assert _without_time(got) == _without_time(wanted)
        if wanted is not None:
            assert wanted.ttl_ms - DRIFT_MS <= got.ttl_ms <= wanted.ttl_ms

    @rule(place=places, node=st.sampled_from(NODES))
    def resign(self, place: int, node: str) -> None:
        self.memory.log.resign(self.calls[place], node)
        self.store.log.resign(self.calls[place], node)

    @rule(really=st.booleans())
    def time_passes(self, really: bool) -> None:
        """Past every refill window too."""
        if not really:
            return
        self.memory.age(self.calls[0], STEP_S)
        for call in self.calls:
            self.store.age(call, STEP_S)
            self.held.add((call, self.window_end(call)))

    @rule(place=places, after=st.integers(0, 210), limit=st.integers(1, 150))
    def read(self, place: int, after: int, limit: int) -> None:
        self.compare(lambda log: log.read(self.calls[place], after, limit))

    @rule(place=places, limit=st.integers(1, 150))
    def last(self, place: int, limit: int) -> None:
        self.compare(lambda log: log.last(self.calls[place], limit))

    @rule(place=places, really=st.sampled_from([False, False, False, True]))
    def delete(self, place: int, really: bool) -> None:
        if really:  # seldom: an erased log has little to compare
            self.compare(lambda log: log.delete(self.calls[place]))

    @invariant()
    def ends_at_the_same_top(self) -> None:
        self.learn_epochs()
        for call in self.calls:
            self.hold_window(call)
        self.compare(lambda log: log.tops(self.calls))

    def teardown(self) -> None:
        for call in self.calls:
            page, after = self.memory.log.read(call, 0, 1), 0
            while page is not None and after < page.top:
                page = self.compare(lambda log, at=after, of=call: log.read(of, at, 1000))
                after = page.events[-1].seq if page.events else page.top
            self.compare(lambda log, of=call: log.delete(of))

    def request(self, place: int, off: int, made: list[Entry], extra: dict[str, Any]) -> Append:
        [top] = self.memory.log.tops([self.calls[place]])
        epoch, seq = (EPOCHS[0], 0) if top is None else top
        fields: dict[str, Any] = {"epoch": epoch, "expected_seq": max(seq + off, 0), **extra}
        if fields.get("create") and fields.get("refill"):
            fields["expected_seq"] = 0
        return Append(self.calls[place], entries=tuple(made), **fields)

    def compare_append(self, requests: list[Append]) -> None:
        theirs = [one._replace(epoch=self.epochs.get(one.epoch, one.epoch)) for one in requests]
        self.compare(lambda log: log.append(theirs if log is self.store.log else requests))

    def compare(self, ask: Callable[[Any], Any]) -> Any:
        wanted, got = ask(self.memory.log), ask(self.store.log)
        assert self.alike(got) == self.alike(wanted, ours=True)
        assert type(got) is type(wanted)
        return wanted

    def alike(self, answer: Any, *, ours: bool = False) -> Any:
        """Epochs in the store's words, and without the milliseconds that a window has left.
        An epoch that the store began is what the memory began in the same step."""
        if isinstance(answer, list):
            return [self.alike(one, ours=ours) for one in answer]
        if isinstance(answer, Refilling):
            return Refilling(0)
        if isinstance(answer, (Page, Fenced)) and answer.fence > NAMED_BY_TIME:
            answer = answer._replace(fence=NAMED_BY_TIME)
        if not ours or not hasattr(answer, "epoch"):
            return answer
        return answer._replace(epoch=self.epochs.get(answer.epoch, answer.epoch))

    def window_end(self, call: CallKey) -> int:
        """Of the store's refill window, in its ms; 0: there was none."""
        return int(self.store.client.hget(keys_of(call).meta, "refill_until_ms") or 0)

    def hold_window(self, call: CallKey) -> None:
        """One that began in this step lasts as long as the memory's, whose clock stands still."""
        ends = self.window_end(call)
        if ends and (call, ends) not in self.held:
            meta = keys_of(call).meta
            ends = self.store.client.hincrby(meta, "refill_until_ms", HELD_MS)
            self.held.add((call, ends))

    def learn_epochs(self) -> None:
        ours, theirs = (bench.log.tops(self.calls) for bench in (self.memory, self.store))
        for one, other in zip(ours, theirs, strict=True):
            if one is not None and other is not None and one.epoch != other.epoch:
                assert self.epochs.setdefault(one.epoch, other.epoch) == other.epoch


def _without_time(lease: Lease | None) -> tuple[bool, int] | None:
    return None if lease is None else (lease.mine, min(lease.fence, NAMED_BY_TIME))


def test_both_implementations_answer_alike_whatever_happens(
    machine_benches: Callable[[], tuple[Any, Any]], new_call: Callable[[], CallKey]
) -> None:
    run_state_machine_as_test(
        lambda: LogMachine(machine_benches(), [new_call(), new_call()]),
        settings=settings(
            max_examples=50,
            stateful_step_count=40,
            phases=[Phase.generate],  # to make a failure smaller takes minutes
            deadline=None,
            derandomize=bool(os.environ.get("CI")),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
