"""Bounds so small that a short run reaches them.

Owns the settings of simulated nodes and the constants made smaller for the length of a run:
a ring of a few events, chunks of fewer, so that catching up crosses every border.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from actors import audience, chunks, following, shared_reads, shelf
from engine import log_memory
from engine.config import Actors, Limits, Settings

SETTINGS = Settings(
    actors=Actors(
        agent_mailbox=6,
        call_mailbox=24,
        call_mailbox_durable=12,
        passivate_s=20,
        restarts_per_minute=1000,
    ),
    limits=Limits(commands_per_s=10**6, commands_burst=10**6, subscribes_per_s=10**6),
)
SMALL = (
    (audience, "RING", 6),
    (chunks, "CHUNK_EVENTS", 4),
    (shared_reads, "CHUNK_EVENTS", 4),
    (shelf, "CHUNKS_KEPT", 2),
    (following, "CHUNK_EVENTS", 4),
    (log_memory, "MOVED_LIMIT", 3),
)


@contextmanager
def small_bounds() -> Iterator[None]:
    with ExitStack() as stack:
        for module, name, value in SMALL:
            stack.enter_context(patch.object(module, name, value))
        yield
