"""What was asked for and what was promised, judged against what was written.

Owns every content ever sent under an id and every acknowledgement. An acknowledgement is
judged when it arrives (it says that something is in the log: is it?) and again at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.log import CallKey
from tests.simulation.written import Broken, Event

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster


class Promise(NamedTuple):
    """`says` is what the event must say: the text of a segment, the verdict given."""

    seq: int
    says: object


class Ledger:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.sent: dict[tuple[CallKey, str], set[object]] = {}
        self.verdicts: dict[str, tuple[str, str]] = {}  # key -> (agent_id, doc_id)
        self.promised: dict[tuple[CallKey, str], Promise] = {}

    def sending(self, call: CallKey, key: str, says: object) -> None:
        self.sent.setdefault((call, key), set()).add(says)

    def is_ambiguous(self, call: CallKey, key: str) -> bool:
        """Different contents were sent under it: the first in the log wins."""
        return len(self.sent.get((call, key), ())) > 1

    def acknowledged(self, call: CallKey, key: str, seq: int | None, says: object) -> None:
        if seq is None:
            raise Broken(f"{key} was acknowledged without a seq")
        before = self.promised.get((call, key))
        if before is not None and before != (seq, says) and not self._may_differ(call, key):
            raise Broken(f"{key} was acknowledged as {before[:]} and then as {(seq, says)}")
        self.promised[(call, key)] = Promise(seq, says)
        self._cluster.note("ack", f"{key} is at {seq}")
        self._was_written(call, key, self.promised[(call, key)])

    def _may_differ(self, call: CallKey, key: str) -> bool:
        """What was lost or came back has another number; what was lost and sent anew with
        another content is what was sent then."""
        return self._cluster.losses.was_reopened(call)

    def judge_all(self) -> None:
        for (call, key), promise in self.promised.items():
            if call in self._cluster.calls:
                self._judge(call, key, promise)
        for call in self._cluster.calls:
            for event in self._cluster.store.log_of(call).events:
                kind = event.key.partition(":")[0]
                if kind in ("segment", "verdict") and (call, event.key) not in self.sent:
                    raise Broken(f"{event.key} is in the log and nobody sent it")

    def _judge(self, call: CallKey, key: str, promise: Promise) -> None:
        log = self._cluster.store.log_of(call)
        event = log.at(log.keys.get(key, 0))
        if event is None:
            if log.knows_from_before(key):
                return
            excuse = self._cluster.losses.excuse(call, key, log)
            if excuse is not None:
                raise Broken(f"{key}, acknowledged at {promise.seq}, is not in the log, {excuse}")
            return
        if event.seq != promise.seq and not self._cluster.losses.was_reopened(call):
            raise Broken(f"{key} was acknowledged at {promise.seq} and is at {event.seq}")
        if self.is_ambiguous(call, key) and self._cluster.losses.was_lost(call, key):
            return  # of two contents the other one may have come first after the loss
        self._says(key, promise, event)

    def _was_written(self, call: CallKey, key: str, promise: Promise) -> None:
        """An acknowledgement says that it is in the log: there, or in an epoch that is over."""
        complaint = Broken(f"{key} was acknowledged at {promise.seq}, where it never was")
        for (one, _), log in reversed(self._cluster.store.written.items()):
            event = log.at(promise.seq)
            if one == call and event is not None and event.key == key:
                try:
                    self._says(key, promise, event)
                except Broken as other:
                    complaint = other
                else:
                    return
            elif one == call and log.knows_from_before(key):
                return
        raise complaint

    def _says(self, key: str, promise: Promise, event: Event) -> None:
        said = event.fields["helpful"] if "helpful" in event.fields else event.fields["text"]
        if said != promise.says:
            raise Broken(f"{key} was acknowledged as {promise.says!r}; the log says {said!r}")
