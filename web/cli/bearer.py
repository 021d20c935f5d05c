"""A token that outlives its end.

Owns when a token is made: on first need, and again after it ended. It does not know how.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Bearer:
    """A token that is made when first needed and made anew when it ended.

    Safe to share between threads. With `make` None the token is the given one for ever.
    """

    def __init__(self, given: str | None, make: Callable[[], str] | None) -> None:
        self._token = given
        self._make = make
        self._lock = threading.Lock()

    def token(self) -> str:
        """Raises Refused or Away when one has to be made and cannot be."""
        with self._lock:
            if self._token is None:
                assert self._make is not None
                self._token = self._make()
            return self._token

    def renew(self, ended: str | None) -> bool:
        """Forgets `ended`, so that the next token is a new one; False if that is impossible."""
        if self._make is None:
            return False
        with self._lock:
            if self._token == ended:
                self._token = None
        return True
