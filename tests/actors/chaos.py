"""A seeded run of a call under everything that goes wrong, and what must hold at its end.

Every choice comes from one Random: who handles which message next, when the store answers
and when that answer arrives, which hints are lost, what fails. A failing seed replays.
"""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace
from typing import Any

from actors import messages as m
from engine import wire
from engine.config import Actors, Limits, Settings
from engine.errors import EngineError
from engine.identity import Identity
from engine.log import StoredEvent
from tests.actors.acts import KEY, create, documents, foreign
from tests.actors.world import Box, Screen, World

SETTINGS = Settings(
    actors=Actors(agent_mailbox=6, restarts_per_minute=1000),
    limits=Limits(commands_burst=10**6, subscribes_per_s=10**6),
)
STEPS = 700


class Viewer:
    """One connection and what it has applied. `plain` takes no acknowledgements."""

    def __init__(self, chaos: Chaos, plain: bool) -> None:
        self.chaos = chaos
        self.plain = plain
        self.interim = not plain and chaos.random.random() < 0.5
        self.cursor: tuple[str, int] | None = None
        self.wanted = 0  # the ack_id of the newest subscription; 0: none
        self.read = 0  # how much of `screen.sent` has been looked at
        self.connect()

    def connect(self) -> None:
        self.screen = Screen()
        self.read, self.wanted = 0, 0
        self.name = f"c{self.chaos.next_id()}"
        self.ref = self.chaos.world.directory.connect(self.name, self.screen)
        identity = Identity("ann", "agent", "default", self.chaos.world.wall() + 3600)
        self.ref.tell(m.Verified(None, identity))
        self.subscribe()

    def subscribe(self) -> None:
        since = None
        if self.plain:
            self.cursor = None
        elif self.cursor is not None:
            since = wire.Cursor(*self.cursor)
        self.wanted = self.chaos.next_id()
        body = wire.CallSubscribe("call-1", since, self.interim)
        self.tell(m.Ask(body, None if self.plain else self.wanted))

    def unsubscribe(self) -> None:
        self.wanted = 0
        self.tell(m.Ask(wire.CallUnsubscribe("call-1"), self.chaos.next_id()))

    def tell(self, message: Any) -> None:
        self.chaos.world.dispatcher.send(self.ref, message)

    def look(self) -> None:
        """Apply what was sent since the last look: no hole, no repeat, the log's own words."""
        for one in self.screen.sent[self.read :]:
            if one[0] == "ack":
                self._on_ack(one[1], one[2])
            elif one[0] == "session:closing":
                raise AssertionError(f"{self.name} was closed: {one[1]}")
            elif "seq" in one[1]:
                self._on_event(one[1])
        self.read = len(self.screen.sent)

    def _on_ack(self, ack_id: int, answer: Any) -> None:
        if not answer["ok"]:
            if ack_id == self.wanted:
                self.wanted = 0
            return
        data = answer["data"]
        if "cursor" in data:
            cursor = (data["cursor"]["epoch"], data["cursor"]["seq"])
            if self.cursor is not None and self.cursor[0] == cursor[0]:
                assert data["mode"] != "snapshot", "a cursor of this epoch is always resumed"
                assert cursor == self.cursor
            self.cursor = cursor

    def _on_event(self, event: Any) -> None:
        seq = event["seq"]
        if self.plain and (self.cursor is None or seq <= self.cursor[1]):
            self._on_greeting(event)
            return
        assert self.cursor is not None, "an event before the answer to the subscription"
        assert seq == self.cursor[1] + 1, f"{self.name} had {self.cursor[1]} and got {seq}"
        assert event == self.chaos.logged(seq)
        self.cursor = (event["epoch"], seq)

    def _on_greeting(self, event: Any) -> None:
        """The current status first; then older finals and the suggestion, up to it."""
        if self.cursor is None:
            assert "status" in event, "a greeting begins with the status"
            self.cursor = (event["epoch"], event["seq"])
        else:
            assert "text" in event or "documents" in event or "status" in event


class Chaos:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World(SETTINGS)
        self._id = 0
        create(self.world)
        self.sent: dict[str, str] = {}  # segment_id -> text
        self.boxes: list[tuple[list[m.Answered], list[wire.Segment]]] = []
        self.verdicts: dict[str, tuple[Viewer, int]] = {}  # feedback_id -> who, ack_id
        self.world.auto, self.world.late = False, True
        self.viewers = [Viewer(self, plain=number == 0) for number in range(3)]
        self.acts = [
            (self.turn, 60), (self.answer, 40), (self.deliver, 40), (self.say, 10),
            (self.say_again, 4), (self.say_interim, 4), (self.judge, 4), (self.propose, 3),
            (self.foreign, 8), (self.fault, 1), (self.lose, 6), (self.room, 8),
            (self.come_and_go, 4), (self.pause, 6), (self.look_at_top, 6), (self.crash, 1),
        ]  # fmt: skip

    def next_id(self) -> int:
        self._id += 1
        return self._id

    def logged(self, seq: int) -> Any:
        page = self.world.log.read(KEY, seq - 1, 1)
        assert page is not None
        return json.loads(page.events[0].body)

    def log(self) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        while page := self.world.log.read(KEY, len(found), 100_000):
            found += page.events
            if len(found) == page.top:
                break
        return found

    # --- what happens ---------------------------------------------------------------------

    def run(self) -> None:
        acts = [act for act, _ in self.acts]
        # Each seed has a weather of its own: much of one thing, little of another.
        weights = [weight * self.random.choice((0.1, 1, 4)) for _, weight in self.acts]
        for _ in range(STEPS):
            self.random.choices(acts, weights)[0]()
            for viewer in self.viewers:
                viewer.look()
        self.settle()
        self.judge_all()

    def turn(self) -> None:
        if not self.world.dispatcher.idle:
            self.world.dispatcher.step_any(self.random)
        elif self.world.on_its_way:
            self.deliver()
        else:
            self.answer()

    def answer(self) -> None:
        """The store does one of the things it was asked; the answer is on its way."""
        self.world.reads_away = self.world.reads_away and self.random.random() < 0.8
        if self.world.asked:
            self.world.asked.pop(self.random.randrange(len(self.world.asked)))()

    def deliver(self) -> None:
        """Something arrives. Hints keep their order among themselves, and answers theirs."""
        if self.world.on_its_way:
            kind = type(self.random.choice(self.world.on_its_way)[1])
            places = [type(message) for _, message in self.world.on_its_way]
            self.world.deliver(places.index(kind))

    def append(self, *segments: wire.Segment) -> None:
        box: list[m.Answered] = []
        to = Box(box)
        message = m.AppendSegments(list(segments), to, 1)
        if self.world.dispatcher.send(self.world.directory.call(KEY), message):
            self.boxes.append((box, list(segments)))

    def say(self) -> None:
        batch = []
        for _ in range(self.random.choice((1, 1, 1, 4))):
            segment_id = f"s{self.next_id()}"
            self.sent[segment_id] = f"text of {segment_id}"
            speaker: Any = self.random.choice(("customer", "agent"))
            batch.append(wire.Segment(segment_id, speaker, self.sent[segment_id], revision=1))
        self.append(*batch)

    def say_again(self) -> None:
        """A producer that had no answer in time."""
        if self.boxes:
            _, segments = self.random.choice(self.boxes)
            self.append(*segments)

    def say_interim(self) -> None:
        segment_id = f"i{self.random.randrange(4)}"
        self.append(wire.Segment(segment_id, "customer", "…", final=False, revision=self.next_id()))

    def judge(self) -> None:
        viewer = self.random.choice(self.viewers[1:])
        feedback_id, ack_id = f"f{self.random.randrange(6)}", self.next_id()
        self.verdicts[f"{feedback_id} {ack_id}"] = (viewer, ack_id)
        helpful = len(feedback_id) % 2 == 0
        viewer.tell(m.Ask(wire.DocFeedback("d1", helpful, "call-1", feedback_id), ack_id))

    def propose(self) -> None:
        if self.world.proposals:
            because, _, reply_to = self.world.proposals.pop(0)
            failed = self.random.random() < 0.2
            ids = self.random.sample(["d1", "d2", "d3"], self.random.randrange(4))
            proposed = m.Proposed(because, documents(*ids), "", "none", failed)
            self.world.dispatcher.send(reply_to, proposed)

    def foreign(self) -> None:
        top = self.world.log.tops([KEY])[0]
        assert top is not None
        foreign(self.world, top.seq + 1, f"far{self.next_id()}")

    def fault(self) -> None:
        kind = self.random.choice(("away", "lost", "vanished", "reads"))
        if kind == "reads":
            self.world.reads_away = True
        else:
            self.world.faults.append(kind)

    def lose(self) -> None:
        """A hint on its way does not arrive."""
        for place, (_, message) in enumerate(self.world.on_its_way):
            if isinstance(message, m.HintArrived):
                del self.world.on_its_way[place]
                return

    def room(self) -> None:
        viewer = self.random.choice(self.viewers)
        viewer.screen.room = self.random.choice((0, 0, 1, 3, 1_000_000))
        if viewer.screen.room:
            viewer.tell(m.Room())

    def come_and_go(self) -> None:
        viewer = self.random.choice(self.viewers)
        chosen = self.random.choice(("gone", "again", "off"))
        if chosen == "gone" or viewer.screen.closed is not None:
            viewer.tell(m.Gone())
            self.turn_all(viewer.ref)
            viewer.look()
            viewer.connect()
        elif not viewer.plain:
            self.turn_all(viewer.ref)
            viewer.look()
            viewer.unsubscribe()
            if chosen == "again":
                self.turn_all(viewer.ref)
                viewer.look()
                viewer.subscribe()

    def turn_all(self, ref: Any) -> None:
        """One actor empties its mailbox, so that what was sent is what was seen."""
        while ref.is_alive() and self.world.dispatcher.mail(ref):
            self.world.dispatcher.step(ref)

    def pause(self) -> None:
        self.world.dispatcher.advance(self.random.choice((0.02, 0.1, 0.3, 1.0)))

    def look_at_top(self) -> None:
        top, ref = self.world.log.tops([KEY])[0], self.world.followed.get(KEY)
        if top is not None and ref is not None:
            self.world.on_its_way.append((ref, m.TopSeen(top.epoch, top.seq)))

    def crash(self) -> None:
        if self.random.random() < 0.3:
            self.world.dispatcher.send(self.world.directory.call(KEY), SimpleNamespace())

    # --- the end --------------------------------------------------------------------------

    def settle(self) -> None:
        """Everything works again, for long enough."""
        world = self.world
        world.faults, world.reads_away, world.auto, world.late = [], False, True, False
        for viewer in self.viewers:
            viewer.screen.room = 1_000_000
            viewer.tell(m.Room())
        for second in range(12):
            while world.asked or world.on_its_way:
                while world.asked:
                    world.asked.pop(0)()
                while world.on_its_way:
                    world.deliver()
                world.dispatcher.run_until_idle()
            world.run(1)
            for viewer in self.viewers:
                viewer.look()
                if second < 8 and viewer.screen.closed is not None:
                    viewer.connect()
                elif second < 8 and viewer.wanted == 0:
                    viewer.subscribe()
            self.look_at_top()
            world.late = False

    def judge_all(self) -> None:
        log = self.log()
        at = {event.key: event.seq for event in log}
        assert len(at) == len(log)
        for event in log:
            kind, _, name = event.key.partition(":")
            assert kind != "segment" or name in self.sent or name.startswith("far")
        for box, segments in self.boxes:
            assert len(box) == 1, f"{len(box)} answers to one command"
            self._judge_receipt(box[0], segments, at)
        for name, (viewer, ack_id) in self.verdicts.items():
            for one in viewer.screen.sent:
                if one[:2] == ("ack", ack_id) and one[2]["ok"]:
                    assert one[2]["data"]["seq"] == at[f"verdict:ann:{name.split()[0]}"]
        for viewer in self.viewers:
            viewer.look()
            assert viewer.cursor is not None
            assert viewer.cursor[1] == len(log), f"{viewer.name} stands at {viewer.cursor}"
        detail = self.world.command("call-1", lambda to: m.Inspect(None, to, 1))
        folded = [(segment.seq, segment.segment_id) for segment in detail.segments]
        assert (
            folded
            == [
                (event.seq, event.key.removeprefix("segment:"))
                for event in log
                if event.event == "transcription:update"
            ][-200:]
        )
        for incident in self.world.directory.supervisor.incidents:
            assert "SimpleNamespace" in repr(incident.error), repr(incident.error)

    def _judge_receipt(
        self, answer: m.Answered, segments: list[wire.Segment], at: dict[str, int]
    ) -> None:
        if answer.error is not None:
            assert isinstance(answer.error, EngineError)
            assert answer.error.code in ("unavailable", "timeout", "busy", "stale_revision")
            return
        for segment, receipt in zip(segments, answer.value.results, strict=True):
            assert receipt.segment_id == segment.segment_id
            if segment.final:
                assert receipt.outcome in ("appended", "repeated")
                assert receipt.seq == at[f"segment:{segment.segment_id}"]
            else:
                assert receipt.seq is None
