"""What was asked for and what was promised, judged against what was written.

Owns every content ever sent under an id and every acknowledgement. An acknowledgement is
judged when it arrives (it says that something is in the log: is it?) and again at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.log import CallKey
from tests.simulation.written import Broken

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
        if before is not None and before != (seq, says):
            raise Broken(f"{key} was acknowledged as {before[:]} and then as {(seq, says)}")
        self.promised[(call, key)] = Promise(seq, says)
        self._cluster.note("ack", f"{key} is at {seq}")
        self._judge(call, key, self.promised[(call, key)])

    def judge_all(self) -> None:
        for (call, key), promise in self.promised.items():
            self._judge(call, key, promise)
        for call in self._cluster.calls:
            for event in self._cluster.store.log_of(call).events:
                kind = event.key.partition(":")[0]
                if kind in ("segment", "verdict") and (call, event.key) not in self.sent:
                    raise Broken(f"{event.key} is in the log and nobody sent it")

    def _judge(self, call: CallKey, key: str, promise: Promise) -> None:
        event = self._cluster.store.log_of(call).at(promise.seq)
        if event is None:
            raise Broken(f"{key} was acknowledged at {promise.seq} and is not in the log")
        if event.key != key:
            raise Broken(f"{key} was acknowledged at {promise.seq}, where {event.key} is")
        said = event.fields["helpful"] if "helpful" in event.fields else event.fields["text"]
        if said != promise.says:
            raise Broken(f"{key} was acknowledged as {promise.says!r}; the log says {said!r}")
