"""What is kept of the HTTP request that opened a connection, for as long as it lasts.

Owns how small that is: python-socketio keeps the whole WSGI environment of each connection
for users' handlers, and most of it is the same for everybody.
"""

from __future__ import annotations

import io
import sys
from typing import Any

_NO_BODY = io.BytesIO()
_OF_THE_REQUEST = frozenset(
    ("wsgi.websocket", "wsgi.input", "wsgi.websocket_version", "HTTP_SEC_WEBSOCKET_KEY")
)


def kept_of(environ: dict[str, Any]) -> dict[str, Any]:
    """What users' handlers may ask of the request that opened a connection. Kept as long as
    it, so strings are shared with other connections' and what belongs to the request is not
    kept at all."""
    kept = {
        key: sys.intern(value) if type(value) is str else value
        for key, value in environ.items()
        if key not in _OF_THE_REQUEST and not key.startswith("werkzeug.")
    }
    kept["wsgi.input"] = _NO_BODY
    return kept
