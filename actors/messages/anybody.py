"""Messages to whoever asked, or to oneself later."""

from __future__ import annotations

from typing import Any, Literal

from actors.admitted import Control
from engine.errors import EngineError


class Answered(Control, frozen=True):
    """`value` is a Struct of engine/answers.py, or `error` says why not."""

    token: Any
    value: Any = None
    error: EngineError | None = None


class Tick(Control, frozen=True):
    kind: Literal[
        "lease",
        "vacant",
        "leave",
        "debounce",
        "passivate",
        "retry",
        "deadline",
        "expire",
        "expiring",
        "slow",
        "rested",
        "held",
        "join",
        "rank",
        "line",
        "health",
        "summary",
        "refill",
        "window",
        "going",
        "row",
        "watchers",
        "wall",
        "wall_read",
    ]
    about: Any = None
