"""What the node can do, looked at twice a second and told to its calls when it changed.

Owns the writing of `Context.condition`. It repairs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent

from actors import messages as m

if TYPE_CHECKING:
    from actors.context import Context
    from actors.directory import Directory

LOOK_S = 0.5
TOLD_AT_ONCE = 200  # calls; then the loop has a turn


class ConditionKeeper:
    """`away_s`: for how long the store has not answered; `ranks`, `words_only` and `empty`:
    as in actors.condition.Condition."""

    def __init__(
        self,
        context: Context,
        directory: Directory,
        *,
        away_s: Callable[[], float],
        ranks: Callable[[], bool],
        words_only: Callable[[], bool],
        empty: Callable[[], frozenset[str]],
    ) -> None:
        self._context = context
        self._directory = directory
        self._away_s, self._ranks = away_s, ranks
        self._words_only, self._empty = words_only, empty
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            if self._look():
                self._tell()

    def _look(self) -> bool:
        condition = self._context.condition
        before = vars(condition).copy()
        condition.store_away = self._away_s() > self._context.settings.health.store_away_s
        condition.ranking = self._ranks()
        condition.words_only = self._words_only()
        condition.empty = self._empty()
        return vars(condition) != before

    def _tell(self) -> None:
        refs = list(self._directory.calls.values())
        for start in range(0, len(refs), TOLD_AT_ONCE):
            for ref in refs[start : start + TOLD_AT_ONCE]:
                self._context.dispatcher.send(ref, m.ConditionChanged())
            gevent.sleep(0)
