"""Services that feed transcripts, to any node, and send again until they are answered.

Owns one request at a time per batch of segments: the same ids after a time-out or a refusal
that may pass, to whichever node, also when the first one may still take effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import messages as m
from actors.mailbox import MailboxFull
from engine import wire
from engine.errors import Busy, EngineError
from engine.log import CallKey
from tests.simulation.written import Broken

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster
    from tests.simulation.node import Node

TIMEOUT_S = 7.0
PASSING = ("stale_revision",)  # refusals that are right for interim text


class Reply:
    """Stands where an actor's ref is expected, for one attempt of a request."""

    actor_class = type("Reply", (), {})

    def __init__(self, request: Request, node: Node) -> None:
        self.node = node
        self.answers = 0
        self._request = request

    def tell(self, answer: m.Answered) -> None:
        self.answers += 1
        cluster = self._request.cluster
        cluster.time.later(0.001, lambda: self._request.on_answer(self, answer))


class Request:
    """`build(reply)` makes the message; asked again until `on_answer` says that it is done."""

    def __init__(self, cluster: Cluster, call: CallKey) -> None:
        self.cluster = cluster
        self.call = call
        self.done = False
        self.replies: list[Reply] = []

    def build(self, reply: Reply) -> Any:
        raise NotImplementedError

    def settled(self, answer: m.Answered) -> bool:
        """Judge an answer; False: it is asked again."""
        raise NotImplementedError

    def send(self) -> None:
        if self.done:
            return
        time, nodes = self.cluster.time, self.cluster.nodes
        time.later(TIMEOUT_S, self._time_out(len(self.replies) + 1))
        if not nodes:
            return
        node = self.cluster.random.choice(nodes)
        reply = Reply(self, node)
        self.replies.append(reply)
        delay_s = self.cluster.random.choice((0.0005, 0.003, 0.05))
        time.later(delay_s, lambda: node.receive(lambda: self._tell(node, reply)))

    def _tell(self, node: Node, reply: Reply) -> None:
        try:
            node.directory.call(self.call).tell(self.build(reply))
        except MailboxFull:
            reply.tell(m.Answered(1, error=Busy("The call has too much to do")))

    def _time_out(self, attempt: int) -> Any:
        def due() -> None:
            if not self.done and len(self.replies) <= attempt:
                self.send()

        return due

    def on_answer(self, reply: Reply, answer: m.Answered) -> None:
        if reply.answers > 1:
            raise Broken("two answers to one command")
        if not reply.node.alive:
            return  # it crashed before the answer left
        again = not self.settled(answer)
        if not again:
            self.done = True
        elif reply is self.replies[-1] and not self.done:
            self.cluster.time.later(self.cluster.random.uniform(0.05, 1.0), self.send)


class Segments(Request):
    def __init__(self, cluster: Cluster, call: CallKey, segments: list[wire.Segment]) -> None:
        super().__init__(cluster, call)
        self.segments = segments
        for segment in segments:
            if segment.final:
                key = f"segment:{segment.segment_id}"
                cluster.ledger.sending(call, key, segment.text)

    def build(self, reply: Reply) -> Any:
        return m.AppendSegments(self.segments, reply, 1)

    def settled(self, answer: m.Answered) -> bool:
        ledger = self.cluster.ledger
        if answer.error is not None:
            return self._refused(answer.error)
        for segment, receipt in zip(self.segments, answer.value.results, strict=True):
            if receipt.segment_id != segment.segment_id:
                raise Broken(f"{segment.segment_id} was answered as {receipt.segment_id}")
            if segment.final:
                key = f"segment:{segment.segment_id}"
                ledger.acknowledged(self.call, key, receipt.seq, segment.text)
            elif receipt.seq is not None:
                raise Broken(f"interim text of {segment.segment_id} has a seq")
        return True

    def _refused(self, error: EngineError) -> bool:
        if error.code == "unknown_call" and self.call in self.cluster.losses.gone:
            return False  # until a node that holds it has made it anew
        if error.code == "unknown_call":
            raise Broken(f"{self.call.call_id}, which is there, is unknown to a producer")
        if error.retryable:
            return not self.segments[0].final  # nobody resends interim text
        ambiguous = any(
            self.cluster.ledger.is_ambiguous(self.call, f"segment:{segment.segment_id}")
            for segment in self.segments
        )
        interim = not all(segment.final for segment in self.segments)
        if error.code == "final" and (ambiguous or interim):
            return True
        if error.code in PASSING and interim:
            return True
        raise Broken(f"segments were refused: {error.code}: {error.message}")


class Status(Request):
    """A change of the call's status, or its creation once more."""

    def __init__(self, cluster: Cluster, call: CallKey, status: Any) -> None:
        super().__init__(cluster, call)
        self.status = status
        self.request_id = cluster.next_name("request-")

    def build(self, reply: Reply) -> Any:
        if self.status == "created":
            body = wire.CallCreate(agent_ids=["ann", "bob"], call_id=self.call.call_id)
            return m.Create(body, reply, 1)
        return m.Change(wire.CallPatch(status=self.status), self.request_id, reply, 1)

    def settled(self, answer: m.Answered) -> bool:
        if answer.error is not None:
            gone = self.call in self.cluster.losses.gone
            if not answer.error.retryable or (answer.error.code == "unknown_call" and not gone):
                raise Broken(f"{self.status} was refused: {answer.error.code}")
            return False
        receipt = answer.value.receipt if self.status == "created" else answer.value
        written = self.cluster.store.written.get((self.call, receipt.epoch))
        if written is None or receipt.seq > written.top:
            raise Broken(f"{self.status} was acknowledged at {receipt.seq}, not in the log")
        return True


class Producer:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.requests: list[Request] = []

    def _send(self, request: Request) -> None:
        self.requests.append(request)
        request.send()

    def say(self, call: CallKey, speaker: Any, count: int) -> None:
        segments = []
        for _ in range(count):
            name = self._cluster.next_name("s")
            segments.append(wire.Segment(name, speaker, f"text of {name}", revision=1))
        self._send(Segments(self._cluster, call, segments))

    def say_again(self, place: int, *, revised: bool) -> None:
        """A batch from before, to any node: as it was, or with another text (then the first
        one in the log holds)."""
        spoken = [
            one for one in self.requests if isinstance(one, Segments) and one.segments[0].final
        ]
        if not spoken:
            return
        old = spoken[place % len(spoken)]
        segments = old.segments
        if revised:
            first = segments[0]
            segments = [wire.Segment(first.segment_id, first.speaker, first.text + " revised")]
        self._send(Segments(self._cluster, old.call, segments))

    def say_interim(self, call: CallKey, place: int) -> None:
        name, revision = f"i{place % 4}", len(self.requests)
        segment = wire.Segment(name, "customer", "so far", final=False, revision=revision)
        self._send(Segments(self._cluster, call, [segment]))

    def change(self, call: CallKey, status: Any) -> None:
        self._send(Status(self._cluster, call, status))

    def missing(self) -> str | None:
        calls = self._cluster.calls
        waiting = sum(not one.done and one.call in calls for one in self.requests)
        return f"{waiting} of the producer's requests wait for an answer" if waiting else None

    def judge(self) -> None:
        """Every attempt at a node that lives was answered, once."""
        for request in self.requests:
            for reply in request.replies:
                if reply.node.alive and reply.answers != 1:
                    raise Broken(f"{reply.answers} answers to one command")
