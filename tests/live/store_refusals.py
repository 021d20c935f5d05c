"""How the wait for a store ends that cannot be used, on a clock that only its pauses move.

A wait of half a second by the real clock would be one attempt, and a machine that stands still
for that long would be told as a store that does not answer.
"""

from __future__ import annotations

import pytest

from engine.store import StoreUnusable, wait_for

WAIT_S = 1.0  # five attempts; the last one has little patience, and may tell another reason


def waited_in_vain(url: str) -> tuple[str, str]:
    """The refusal, and every reason to wait that was told before it."""
    now, told = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(StoreUnusable) as refused:
        wait_for(url, WAIT_S, lambda: now[0], sleep, told.append)
    assert now[0] == pytest.approx(WAIT_S), "it was final at once"
    return str(refused.value), "\n".join(told)
