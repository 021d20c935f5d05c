"""A node that leaves: others lead, everybody is told to come back elsewhere, calls end.

Owns the order and the pace of it. What is refused meanwhile is front_door.py's, and how long it
may take in all server.py's.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import gevent

from actors import messages as m
from engine.errors import Draining
from web.time_limit import at_most

if TYPE_CHECKING:
    from actors.directory import Directory
    from actors.dispatcher import Dispatcher
    from web.notices import Notices
    from web.store_client import StoreClient

RESIGN_S = 0.05  # the store has the leases back before others hear of it
CLOSE_S, LOOK_S = 2.0, 0.01  # for calls to end and the store to have what they said last
DRAIN_BATCH = 100  # connections told to go at once
DRAIN_PAUSE_S = 0.1
RETURN_SPREAD_MS = 3000


def say_goodbye(directory: Directory, dispatcher: Dispatcher, notices: Notices) -> None:
    """Let others lead, and tell everybody to come back elsewhere, in batches."""
    led = directory.give_up_leading()
    gevent.sleep(RESIGN_S)
    notices.freed(led)
    connections = list(directory.connections.values())
    for start in range(0, len(connections), DRAIN_BATCH):
        for ref in connections[start : start + DRAIN_BATCH]:
            after_ms = random.randrange(RETURN_SPREAD_MS)
            dispatcher.send(ref, m.Close(Draining("The node is leaving"), after_ms))
        gevent.sleep(DRAIN_PAUSE_S)


def end_calls(directory: Directory, store_client: StoreClient) -> None:
    """Stop every CallActor, and wait a moment until the store has what they said last."""
    calls = list(directory.calls.values())
    for ref in calls:
        if ref.is_alive():
            ref.stop(block=False)
    with at_most(CLOSE_S):
        while any(ref.is_alive() for ref in calls) or not store_client.settled:
            gevent.sleep(LOOK_S)
