"""What an error answer says: that nothing was run, or nothing that can be relied on.

Owns the difference between a certain failure, which is told at once, and an uncertain one,
which is asked again with the same keys before anything else.
"""

from __future__ import annotations

from redis.exceptions import ResponseError

# First words of answers that the store gives instead of running anything. Our scripts end
# with an error only at their first write, and then nothing has changed.
REFUSALS = frozenset(
    (
        *("READONLY", "LOADING", "OOM", "MISCONF", "BUSY", "NOSCRIPT", "NOAUTH", "NOPERM"),
        *("MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT"),
        *("WRONGTYPE", "WRONGPASS", "NOPROTO", "EXECABORT", "DENIED"),
    )
)
# ERR alone is also what a proxy says of a store that has not answered it. These are the
# store's own words, and asking again would change nothing about them.
_DEFINITE = (
    "ERR unknown command",
    "ERR wrong number of arguments",
    "ERR syntax error",
    "ERR invalid",
    "ERR value is not",
    "ERR hash value is not",
    "ERR index out of range",
    "ERR no such key",
    "ERR The ID specified in XADD",
    "ERR This instance has cluster support disabled",
)


def is_refusal(error: str) -> bool:
    """An error answer that says that nothing was run, or that nothing could come of it."""
    return error.partition(" ")[0] in REFUSALS or error.startswith(_DEFINITE)


def reason_of(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem}"


def refused(failure: ResponseError) -> bool:
    """redis-py takes the first word away and keeps it apart."""
    code, text = failure.status_code, str(failure)
    return is_refusal(f"{code} {text}" if code and not text.startswith(code) else text)
