"""The real server, and one command more that only benchmarks have: `bench:relay`.

{call_id, text} of a producer's connection goes to the CallActor and from there, without the
store, as a transcription's LogFrame to every AgentActor joined: mailboxes, cursor, limits,
validation and outlet are the product's. What is replaced is the append. The command is put
into the product's own tables; nothing of the product is changed, and only this program
knows it. Numbers in the log stay behind those told, so nobody may catch up from the log
here: a connection that falls behind loses events, and the load generator says so.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported

from gevent import monkey

monkey.patch_all()

import sys
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from msgspec import Meta, Struct

from actors import call as call_actor
from actors import commands
from actors import messages as m
from actors.audience import unknown_call
from engine import answers, wire
from engine.decoding import encode
from engine.log import CallKey, StoredEvent
from engine.times import instant_at
from web.server import main


class BenchRelay(Struct):
    call_id: wire.Id
    text: Annotated[str, Meta(min_length=1, max_length=wire.MAX_TEXT)]


class Relay(m.Durable, frozen=True):
    text: str
    reply_to: Any
    token: Any


def to_call(body: BenchRelay, who: Any, reply_to: Any, token: int, _: Any) -> Any:
    who.require(who.may_produce, "relay in a benchmark")
    return CallKey(who.tenant, body.call_id), Relay(body.text, reply_to, token)


def on_relay(actor: call_actor.CallActor, relay: Relay) -> None:
    if not actor._readable(relay):
        return
    call = actor.call
    if call is None:
        actor._refuse(relay, unknown_call())
        return
    seq = call.seq + 1
    update = wire.TranscriptionUpdate(
        call_id=actor.key.call_id,
        speaker="customer",
        text=relay.text,
        timestamp=instant_at(actor.context.clock.wall()),
        segment_id=f"s{seq}",
        revision=0,
        final=True,
        epoch=call.epoch,
        seq=seq,
    )
    call.seq = seq
    stored = StoredEvent(seq, "transcription:update", encode(update), "", "")
    actor.audience.tell(actor.frame(stored))
    actor.send(relay.reply_to, m.Answered(relay.token, answers.Nothing()))


def install() -> None:
    answers.COMMANDS["bench:relay"] = (BenchRelay, answers.Nothing)
    commands._ARMS[BenchRelay] = to_call
    call_actor._ARMS[Relay] = on_relay


if __name__ == "__main__":
    install()
    sys.exit(main())
