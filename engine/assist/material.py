"""What an after-call summary may be made of. Owns the shape only."""

from __future__ import annotations

from msgspec import Struct

from engine.assist.view import CallLine


class CallMaterial(Struct, frozen=True):
    """`line`: the last summary line; `suggested`, `helpful`: document ids; `end`: why the
    call ended, '' for an ordinary end."""

    tenant: str
    call_id: str
    lines: tuple[CallLine, ...]
    line: str = ""
    suggested: tuple[str, ...] = ()
    helpful: tuple[str, ...] = ()
    end: str = ""
