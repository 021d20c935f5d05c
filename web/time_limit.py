"""A time limit that ends its block in silence, as gevent documents it.

Owns what its type stubs do not know: that `False` means so.
"""

from __future__ import annotations

import gevent


def at_most(seconds: float) -> gevent.Timeout:
    """For a `with`: after `seconds` its body is left, and nothing is raised behind it."""
    return gevent.Timeout(seconds, False)  # type: ignore[arg-type] # the stubs lack False
