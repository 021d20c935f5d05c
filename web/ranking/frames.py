"""What the server and its ranking process say to one another, and how it is cut.

Owns the shapes and the framing: four bytes of length, then MessagePack. Both ends are of
one program, started one by the other, so there are no versions; a frame that cannot be read
ends the connection.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from engine.assist.asked import Asked
from engine.assist.material import CallMaterial
from engine.assist.view import CallExcerpt
from engine.config import Settings
from engine.knowledge.report_shapes import KnowledgeReport
from engine.wire import CallSummary, SuggestedDocument, SummaryKind

MOST_BYTES = 16_000_000  # of one frame: 200 lines of 20,000 characters, in any alphabet


LOADING = "the model is being loaded"  # `Serving.why` until it is known whether there is one


class Begin(Struct, tag=True):
    """First of all. `url` is the store's; it may hold a password, as the settings may."""

    url: str
    node: str
    settings: Settings


class Suggest(Struct, tag=True):
    id: int
    excerpt: CallExcerpt


class Search(Struct, tag=True):
    id: int
    tenant: str
    query: str
    limit: int


class Report(Struct, tag=True):
    id: int
    tenant: str


class SumUp(Struct, tag=True):
    id: int
    material: CallMaterial


class Watch(Struct, tag=True):
    """Keep this tenant's index from now on, and look at it now."""

    tenant: str


class Ranked(Struct, tag=True):
    id: int
    documents: list[SuggestedDocument]
    summary: str
    summary_kind: SummaryKind
    asked: Asked
    gone: tuple[str, ...] = ()
    changed: tuple[SuggestedDocument, ...] = ()


class Found(Struct, tag=True):
    id: int
    documents: list[SuggestedDocument]


class Reported(Struct, tag=True):
    id: int
    report: KnowledgeReport


class SummedUp(Struct, tag=True):
    id: int
    summary: CallSummary


class Shed(Struct, tag=True):
    """It waited too long for a thread."""

    id: int


class Failed(Struct, tag=True):
    """A fault; it has been logged where it happened. `away`: the store was."""

    id: int
    away: bool = False


class TenantServed(Struct, frozen=True):
    """`waiting`: documents of which a passage has no vector yet."""

    version: int
    documents: int
    passages: int
    waiting: int


class Serving(Struct, tag=True):
    """What is served; sent when it changes. `model` '' and `why`: no embedding model; `why`
    beside a model: it does not answer now. `words_only`: questions are ranked by words."""

    tenants: dict[str, TenantServed]
    model: str
    why: str
    words_only: bool


ToRanking = Begin | Suggest | Search | SumUp | Report | Watch
FromRanking = Ranked | Found | SummedUp | Reported | Shed | Failed | Serving

_encode = msgspec.msgpack.Encoder().encode


def packed(frame: ToRanking | FromRanking) -> bytes:
    body = _encode(frame)
    return len(body).to_bytes(4, "big") + body


class Cutter:
    """Frames out of bytes as they come. Raises ValueError for what is no frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes]:
        self._buffer += received
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if size > MOST_BYTES:
                raise ValueError(f"a frame of {size} bytes")
            if len(self._buffer) < 4 + size:
                return
            body = bytes(self._buffer[4 : 4 + size])
            del self._buffer[: 4 + size]
            yield body


decode_to_ranking = msgspec.msgpack.Decoder(ToRanking).decode
decode_from_ranking = msgspec.msgpack.Decoder(FromRanking).decode
