"""Which addresses may be trusted with keys and sign-ins.

Owns one rule: https, or http where the other side is this machine.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def is_safe(url: str) -> bool:
    """What comes from there cannot have been exchanged underway."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    local = address.hostname in ("127.0.0.1", "localhost", "::1")
    return address.scheme == "https" or (address.scheme == "http" and local)
