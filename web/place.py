"""Which of the server's processes this one is, and whose a session is.

Owns the name a process goes by in the store, and the form of session ids where there are several
places one could be: `node.process.chance`. A load balancer reads the node's name in it
(deploy/nginx.conf), we read the process. A server of one process without a name has ids of
chance alone.
"""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

VARIABLE = "EARSHOT_PROCESS"  # of the environment: how the parent tells a process its place


class Place(NamedTuple):
    """`number` counts from 1 to `of`. `listener` and `parent` are inherited descriptors: the
    port, and a socket that ends when the parent does. `folder` holds the processes' own
    sockets."""

    number: int
    of: int
    folder: Path
    listener: int
    parent: int

    def environ(self) -> dict[str, str]:
        fields = self._asdict() | {"folder": str(self.folder)}
        return {VARIABLE: json.dumps(fields)}


def name_of_node() -> str:
    """Of one process for as long as it lives: another that begins later has another one."""
    return f"{socket.gethostname()}-{os.getpid()}-{random.getrandbits(32):08x}"


def place_in(environment: Mapping[str, str]) -> Place | None:
    """None: the process is alone, or is the parent."""
    text = environment.get(VARIABLE)
    if not text:
        return None
    fields = json.loads(text)
    return Place(**fields | {"folder": Path(fields["folder"])})


class SessionIds:
    """Of one process. `name` is the node's, '' for none."""

    def __init__(self, name: str, place: Place | None) -> None:
        self._own = place.number if place is not None else 1
        self._processes = place.of if place is not None else 1
        self._name = name
        self._prefix = f"{name}.{self._own}." if name or self._processes > 1 else ""

    def naming(self, by_chance: Callable[[], str]) -> Callable[[], str]:
        return lambda: self._prefix + by_chance()

    def elsewhere(self, session_id: str) -> int | None:
        """The other process that a session belongs to; None: it is ours, or nobody's."""
        parts = session_id.split(".")
        if self._processes == 1 or len(parts) != 3 or parts[0] != self._name:
            return None
        number = int(parts[1]) if parts[1].isdecimal() and parts[1].isascii() else 0
        return number if 1 <= number <= self._processes and number != self._own else None
