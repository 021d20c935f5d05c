"""What people and services do in a test, one line each, over a World."""

from __future__ import annotations

from typing import Any

from actors import messages as m
from engine import wire
from engine.decoding import encode
from engine.log import Append, CallKey, Entry
from tests.actors.world import World

KEY = CallKey("default", "call-1")


def create(world: World, *agent_ids: str, call_id: str = "call-1") -> Any:
    body = wire.CallCreate(agent_ids=list(agent_ids or ("ann",)), call_id=call_id)
    return world.command(call_id, lambda to: m.Create(body, to, 1))


def segment(segment_id: str, text: str = "hello", **more: Any) -> wire.Segment:
    return wire.Segment(segment_id, more.pop("speaker", "customer"), text, **more)


def say(world: World, segment_id: str, text: str = "hello", **more: Any) -> Any:
    body = [segment(segment_id, text, **more)]
    return world.command("call-1", lambda to: m.AppendSegments(body, to, 1)).results[0]


def change(world: World, request_id: str = "request-1", **fields: Any) -> Any:
    patch = wire.CallPatch(**fields)
    return world.command("call-1", lambda to: m.Change(patch, request_id, to, 1))


def ask(world: World, agent: Any, body: Any, ack_id: Any = 1) -> Any:
    """Send a command and run; the acknowledgement if one was asked for."""
    agent.ref.tell(m.Ask(body, ack_id))
    world.run()
    return agent.screen.ack(ack_id) if ack_id is not None else None


def subscribe(world: World, agent: Any, ack_id: Any = 1, **fields: Any) -> Any:
    return ask(world, agent, wire.CallSubscribe("call-1", **fields), ack_id)


def joined(world: World, agent_id: str = "ann", **fields: Any) -> Any:
    """A connection that is subscribed to call-1."""
    agent = world.connect(agent_id)
    assert subscribe(world, agent, "joined", **fields)["ok"]
    return agent


def documents(*ids: str) -> list[wire.SuggestedDocument]:
    return [wire.SuggestedDocument(one, one.upper(), "…", 0.5) for one in ids]


def propose(
    world: World,
    *ids: str,
    summary: str = "",
    kind: wire.SummaryKind = "none",
    failed: bool = False,
    **more: Any,
) -> None:
    """Ranking answers what it was asked last."""
    because, _, reply_to = world.proposals[-1]
    reply_to.tell(m.Proposed(because, documents(*ids), summary, kind, failed, **more))
    world.run()


def suggested(*ids: str, agents: tuple[str, ...] = ("ann",)) -> World:
    """A world with one call in which these documents were suggested."""
    world = World()
    create(world, *agents)
    say(world, "s1")
    world.run(0.3)
    propose(world, *ids)
    return world


def foreign(world: World, seq: int, segment_id: str, fence: int | None = None) -> None:
    """Another node appends a final at `seq`."""
    epoch = world.epoch(KEY)
    event = wire.TranscriptionUpdate(
        "call-1", "customer", "far", "2024-01-01T00:00:00.000Z", segment_id, 0, True, epoch, seq
    )
    entry = Entry(f"segment:{segment_id}", "x", "transcription:update", encode(event))
    world.log.append([Append(KEY, epoch, seq - 1, (entry,), fence=fence)])
