"""How the reader of hints waits: for its socket, for a wish, or for the time to come.

Owns the seam and the form of it that threads use; web/loop_waiter.py has gevent's, which
makes nothing anew for each wait.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Protocol


class Waiter(Protocol):
    def wait(self, number: int | None, seconds: float) -> None:
        """Until the file `number` can be read, `wake` was called since the last wait, or
        `seconds` have passed. It may return early. Only one waits at a time."""
        ...

    def wake(self) -> None: ...

    def close(self) -> None: ...


class PollWaiter:
    """`wake` may be called on any thread or greenlet: a byte in a pipe."""

    def __init__(self) -> None:
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)

    def wait(self, number: int | None, seconds: float) -> None:
        # Looked up here: under gevent it is gevent's, and belongs to the reader's event loop.
        poll = select.poll()
        poll.register(self._wake_in, select.POLLIN)
        if number is not None:
            poll.register(number, select.POLLIN)
        ready = poll.poll(max(0, int(seconds * 1000) + 1))
        if any(found == self._wake_in for found, _ in ready):
            os.read(self._wake_in, 65_536)

    def wake(self) -> None:
        with suppress(OSError):  # full: the reader has been woken; closed: there is none
            os.write(self._wake_out, b"!")

    def close(self) -> None:
        ends, self._wake_in, self._wake_out = (self._wake_in, self._wake_out), -1, -1
        for end in ends:
            os.close(end)
