"""The tree of errors and its closed set of codes.

Owns what may go wrong in words a client can act on: each code with its HTTP status,
whether a retry of the same request can succeed, and whether a connection closed with
it should come back. It never formats a response and never logs.

    EngineError
    ├── BadRequest  Unauthenticated  Forbidden  UnknownCall  NotFound      the request is at fault
    ├── CallEnded  CallFull  StaleRevision  Final  Conflict               the call does not allow it
    ├── RateLimited  TooMany  TooManyConnections  TooLarge  Busy  Slow     a bound was reached
    ├── Timeout  Unavailable  Draining                                     try again later
    ├── Replaced  Revoked  Expired                                         why a session ended
    └── Internal                                                           ours
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class Code(NamedTuple):
    """What a code means outside its words."""

    http_status: int
    retryable: bool  # the same request may succeed later
    reconnect: bool  # a connection closed with this code should come back
    meaning: str


CODES: dict[str, Code] = {
    "bad_request": Code(400, False, False, "The request is malformed; `field` names where."),
    "unauthenticated": Code(401, False, False, "No valid token."),
    "expired": Code(401, False, False, "The token has ended; renew it."),
    "revoked": Code(401, False, False, "The agent's access was taken back."),
    "forbidden": Code(403, False, False, "The role may not do this."),
    "unknown_call": Code(404, True, True, "No such call, or not yours; may come to be."),
    "not_found": Code(404, False, False, "No such thing."),
    "call_ended": Code(409, False, False, "The call has ended and takes no more of this."),
    "call_full": Code(409, False, False, "The call's log reached `call.max_events`."),
    "stale_revision": Code(409, False, False, "A later revision of the segment is known."),
    "final": Code(409, False, False, "The segment is final; final text never changes."),
    "conflict": Code(409, False, False, "The same id was used with another content."),
    "too_large": Code(413, False, False, "More than the size allowed."),
    "busy": Code(429, True, True, "Too much is waiting already; slow down."),
    "rate_limited": Code(429, True, True, "Over the rate; wait `retry_after_ms`."),
    "too_many": Code(429, False, False, "Over a count, e.g. calls per connection."),
    "too_many_connections": Code(503, True, True, "The node is full; try another."),
    "slow": Code(503, True, True, "The connection made no progress; resume by cursor."),
    "timeout": Code(504, True, True, "No answer in time; whether it took effect is not known."),
    "unavailable": Code(503, True, True, "The store is away; nothing was acknowledged."),
    "draining": Code(503, True, True, "The node is leaving; connect again."),
    "replaced": Code(409, False, False, "A newer connection of this client_id took over."),
    "internal": Code(500, False, True, "A fault of ours; it was logged."),
}


class EngineError(Exception):
    """An outcome with a code. `field` is a path such as `segments[3].text`."""

    code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_ms = retry_after_ms

    @property
    def retryable(self) -> bool:
        return CODES[self.code].retryable

    @property
    def http_status(self) -> int:
        return CODES[self.code].http_status

    def __reduce__(self) -> str | tuple[object, ...]:
        return (type(self)._rebuild, (self.message, self.field, self.retry_after_ms))

    @classmethod
    def _rebuild(cls, message: str, field: str | None, retry_after_ms: int | None) -> EngineError:
        return cls(message, field=field, retry_after_ms=retry_after_ms)


class BadRequest(EngineError):
    code = "bad_request"


class Unauthenticated(EngineError):
    code = "unauthenticated"


class Expired(EngineError):
    code = "expired"


class Revoked(EngineError):
    code = "revoked"


class Forbidden(EngineError):
    code = "forbidden"


class UnknownCall(EngineError):
    code = "unknown_call"


class NotFound(EngineError):
    code = "not_found"


class CallEnded(EngineError):
    code = "call_ended"


class CallFull(EngineError):
    code = "call_full"


class StaleRevision(EngineError):
    code = "stale_revision"


class Final(EngineError):
    code = "final"


class Conflict(EngineError):
    code = "conflict"


class TooLarge(EngineError):
    code = "too_large"


class Busy(EngineError):
    code = "busy"


class RateLimited(EngineError):
    code = "rate_limited"


class TooMany(EngineError):
    code = "too_many"


class TooManyConnections(EngineError):
    code = "too_many_connections"


class Slow(EngineError):
    code = "slow"


class Timeout(EngineError):
    code = "timeout"


class Unavailable(EngineError):
    code = "unavailable"


class Draining(EngineError):
    code = "draining"


class Replaced(EngineError):
    code = "replaced"


class Internal(EngineError):
    code = "internal"
