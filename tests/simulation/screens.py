"""What must be true of what one screen is sent, checked as it arrives.

Owns the wire's promise about a subscription: after its answer come the events from
cursor.seq + 1, none missing, none twice, in the log's own bytes; a snapshot shows the log
at its cursor; a plain client is greeted once with the status, the finals and the suggestion.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from engine.log import CallKey
from tests.simulation.written import Broken, Event, Written

if TYPE_CHECKING:
    from tests.simulation.faulty_store import FaultyStore

Place = tuple[str, int]  # (epoch, seq)


class Stream:
    """Events of one call on one connection. `who` names the screen in complaints."""

    def __init__(self, store: FaultyStore, call: CallKey, who: str) -> None:
        self._store = store
        self.call = call
        self.who = who
        self.place: Place | None = None  # None: nothing may be sent

    def complain(self, text: str) -> Broken:
        return Broken(f"{self.who} on {self.call.call_id}: {text}")

    def written(self, epoch: str) -> Written:
        found = self._store.written.get((self.call, epoch))
        if found is None:
            raise self.complain(f"epoch {epoch} was never written")
        return found

    def event_at(self, epoch: str, seq: int) -> Event:
        event = self.written(epoch).at(seq)
        if event is None:
            raise self.complain(f"was sent {seq}, which is not in the log")
        return event

    def on_event(self, fields: Any, body: bytes) -> None:
        epoch, seq = fields["epoch"], fields["seq"]
        if self.place is None:
            raise self.complain(f"was sent {seq} without a subscription")
        if (epoch, seq) != (self.place[0], self.place[1] + 1):
            raise self.complain(f"stood at {self.place[1]} and was sent {seq}")
        if self.event_at(epoch, seq).body != body:
            raise self.complain(f"was sent other bytes at {seq} than the log holds")
        self.place = (epoch, seq)

    def on_answer(self, answer: Any, since: Place | None) -> Place:
        """The answer to a subscription that was asked with `since`."""
        cursor = (answer["cursor"]["epoch"], answer["cursor"]["seq"])
        snapshot = answer.get("snapshot")
        if since is not None and since[0] == cursor[0]:
            if answer["mode"] == "snapshot" or cursor != since:
                raise self.complain(f"asked since {since[1]}, was answered {answer['mode']}")
        elif snapshot is None:
            raise self.complain(f"was answered {answer['mode']} without a snapshot")
        if snapshot is not None:
            self._judge_snapshot(snapshot, cursor)
        self.place = cursor
        return cursor

    def _judge_snapshot(self, snapshot: Any, cursor: Place) -> None:
        written = self.written(cursor[0])
        if cursor[1] > written.top:
            raise self.complain(f"a snapshot at {cursor[1]}, and the log ends at {written.top}")
        shown = [segment["seq"] for segment in snapshot["segments"]]
        held = [event.seq for event in written.finals_until(cursor[1])]
        if shown != held:
            raise self.complain(f"a snapshot at {cursor[1]} shows {shown}; the log has {held}")
        suggested = written.suggestion_at(cursor[1])
        shown_seq = snapshot["suggestion"]["seq"] if snapshot["suggestion"] else None
        if shown_seq != (suggested.seq if suggested else None):
            raise self.complain(f"a snapshot at {cursor[1]} shows the suggestion of {shown_seq}")


class PlainStream(Stream):
    """Greeted with events; `place` is where the greeting said the log stood."""

    def __init__(self, store: FaultyStore, call: CallKey, who: str) -> None:
        super().__init__(store, call, who)
        self._owed: deque[Event] = deque()  # of the greeting

    @property
    def greeted(self) -> bool:
        return self.place is not None and not self._owed

    def on_event(self, fields: Any, body: bytes) -> None:
        if self.place is None:
            self._begin(fields)
        elif self._owed:
            owed = self._owed.popleft()
            if (fields["seq"], fields["epoch"]) != (owed.seq, owed.fields["epoch"]):
                raise self.complain(f"was greeted with {fields['seq']} instead of {owed.seq}")
        else:
            super().on_event(fields, body)

    def _begin(self, fields: Any) -> None:
        if "status" not in fields:
            raise self.complain("was not greeted with the status first")
        self.place = (fields["epoch"], fields["seq"])
        written = self.written(fields["epoch"])
        if fields["seq"] > written.top:
            raise self.complain(f"was greeted at {fields['seq']}; the log ends at {written.top}")
        self._owed.extend(written.finals_until(fields["seq"]))
        suggestion = written.suggestion_at(fields["seq"])
        if suggestion is not None:
            self._owed.append(suggestion)
