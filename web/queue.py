"""A bounded queue with workers: greenlets that do, one after another, what may wait.

Owns the seam between actors, which never wait, and services, which do: `put` may be called
in the hub. Over the bound the task is refused, and its caller says what that means.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import gevent
from gevent.event import Event

log = logging.getLogger("earshot.queue")

Task = Callable[[], None]


class WorkQueue:
    """`name` is for logs and metrics."""

    def __init__(self, name: str, workers: int, bound: int) -> None:
        self.name = name
        self._bound = bound
        self._tasks: deque[Task] = deque()
        self._mail = Event()
        self._greenlets = [gevent.spawn(self._work) for _ in range(workers)]

    def put(self, task: Task) -> bool:
        """False: full, and the task will not run."""
        if len(self._tasks) >= self._bound:
            return False
        self._tasks.append(task)
        self._mail.set()
        return True

    def __len__(self) -> int:
        return len(self._tasks)

    def close(self) -> None:
        gevent.killall(self._greenlets)

    def _work(self) -> None:
        while True:
            if not self._tasks:
                self._mail.clear()
                self._mail.wait()
                continue
            task = self._tasks.popleft()
            try:
                task()
            except Exception:
                # What a task cannot answer itself is ours to find: it must not end the worker.
                log.exception("queue.task_failed queue=%s", self.name)
