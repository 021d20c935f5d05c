"""What is asked of a server on every connection made to it, before anything else.

Owns `connection.run_id`: which run of which server is at the other end. A connection that
redis-py renews in secret is greeted anew, so that nobody keeps the name of a server that has
restarted or was replaced. It decides nothing about a store.
"""

from __future__ import annotations

import re
from typing import Any

from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import ResponseError

HANDSHAKE_S = 2.0  # the longest wait for each answer here: a server that hangs is left soon

_RUN_ID = re.compile(rb"^run_id:(\S+)", re.MULTILINE)
_PRIMARY = (b"master", b"primary")


class NotPrimary(NotConnected):
    """A replica answers where the primary was to be."""


def greet(connection: Any) -> None:
    """For redis-py's `redis_connect_func`. Sets `connection.run_id`, "" where the server does
    not tell. One round trip, beside what redis-py asks for (AUTH, SELECT)."""
    _greet(connection, must_lead=False)


def greet_primary(connection: Any) -> None:
    """The same; raises NotPrimary where a replica answers."""
    _greet(connection, must_lead=True)


def _greet(connection: Any, *, must_lead: bool) -> None:
    connection.run_id = ""
    connection._sock.settimeout(min(connection.socket_timeout or HANDSHAKE_S, HANDSHAKE_S))
    connection.on_connect()
    connection.send_command("INFO", "server", check_health=False)
    if must_lead:
        connection.send_command("ROLE", check_health=False)
    told = _answer(connection)
    found = _RUN_ID.search(told) if isinstance(told, bytes) else None
    connection.run_id = found[1].decode() if found else ""
    role = _answer(connection) if must_lead else None
    connection._sock.settimeout(connection.socket_timeout)
    if isinstance(role, list) and role and role[0] not in _PRIMARY:
        raise NotPrimary("it is a replica and takes no writes")


def _answer(connection: Any) -> Any:
    """None: refused, e.g. by an access list. Bytes also from a connection that decodes."""
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError:
        return None
