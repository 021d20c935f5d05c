"""What waits at a CallActor while the log is being read.

Owns the bound, and that nobody waits for ever: each message is handled once the log is there,
or refused. Whether the log is being read is the CallActor's to know.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from actors import messages as m
from engine.errors import EngineError, Unavailable

if TYPE_CHECKING:
    from actors.call import CallActor

WAITING = 256  # messages; then `unavailable`


class WaitingRoom:
    """One per CallActor, in the order of their coming."""

    def __init__(self, actor: CallActor) -> None:
        self._actor = actor
        self._messages: deque[Any] = deque()
        self.releasing = False

    def __len__(self) -> int:
        return len(self._messages)

    def admit(self, message: Any) -> None:
        if len(self._messages) >= WAITING:
            error = Unavailable("The call is being read", retry_after_ms=500)
            self._actor.refuse(message, error)
        else:
            self._messages.append(message)

    def release(self, error: EngineError | None) -> None:
        """Handle, or refuse, all who wait. Who finds the log being read again waits again."""
        self.releasing = True
        for _ in range(len(self._messages)):
            message = self._messages.popleft()
            if error is None:
                self._actor.on_receive(message)
            else:
                self._actor.refuse(message, error)
        self.releasing = False

    def leave(self, connection_id: str) -> None:
        """Its joins wait no more."""
        for message in tuple(self._messages):
            if isinstance(message, m.Join) and message.connection_id == connection_id:
                self._messages.remove(message)
