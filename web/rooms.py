"""Socket.IO rooms with a reverse index, and the message queue for users' own emitters.

Owns which rooms a connection is in, so that leaving costs that connection's rooms and not
all rooms. Each call is a room (`tenant/call_id`) for handlers and external emitters of our
users; nothing that must not be lost travels this way.
"""

from __future__ import annotations

from typing import Any

import socketio

from engine import store


class _ReverseIndex:
    """Mixed into a python-socketio manager; overrides what scans."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rooms_of: dict[tuple[str, str], set[Any]] = {}

    def basic_enter_room(
        self, sid: str, namespace: str, room: Any, eio_sid: str | None = None
    ) -> None:
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)  # type: ignore[misc] # a mixin
        self._rooms_of.setdefault((namespace, sid), set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        super().basic_leave_room(sid, namespace, room)  # type: ignore[misc] # a mixin
        rooms = self._rooms_of.get((namespace, sid))
        if rooms is not None:
            rooms.discard(room)
            if not rooms:
                del self._rooms_of[(namespace, sid)]

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """python-socketio looks at every room of the process here: 7 ms at 10,000."""
        manager: Any = self
        # The room None lists all connections and is looked at by the others: it goes last.
        mine = self._rooms_of.get((namespace, sid), set())
        for room in sorted(mine, key=lambda room: room is None):
            self.basic_leave_room(sid, namespace, room)
        manager.callbacks.pop(sid, None)
        for waiting in (manager.pending_connect, manager.pending_disconnect):
            if sid in waiting.get(namespace, ()):
                waiting[namespace].remove(sid)
                if not waiting[namespace]:
                    del waiting[namespace]


class LocalRooms(_ReverseIndex, socketio.Manager):  # type: ignore[misc] # it has no types
    """One process, no message queue: what flask_socketio.test_client wants."""

    def close(self) -> None: ...


class SharedRooms(_ReverseIndex, socketio.RedisManager):  # type: ignore[misc] # nor has this
    """With Flask-SocketIO's message queue on the store, on its usual channel."""

    thread: Any = None
    redis: Any = None
    pubsub: Any = None

    def _redis_connect(self) -> None:
        """python-socketio knows single servers; sentinels and clusters are found our way."""
        if store.is_single(self.redis_url):
            super()._redis_connect()
            return
        if self.redis is not None:
            self.redis.close()
        self.redis = store.connect(self.redis_url)
        self.pubsub = self.redis.pubsub(ignore_subscribe_messages=True)
        self.connected = True

    def close(self) -> None:
        """Stop listening, before the store goes away: it would be asked for for ever."""
        if self.thread is not None:
            self.thread.kill()
