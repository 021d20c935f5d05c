"""What can go wrong between the command line and a server, in words for people.

Owns the failures and how each is shown. It never prints a traceback.
"""

from __future__ import annotations

from typing import Any

import click


class Failure(click.ClickException):
    """Shown as one or two lines on stderr; the exit code is 1."""

    exit_code = 1


class IllSettings(Failure):
    """What config.yaml or the environment says cannot be; the exit code is that of a command
    line with a mistake in it."""

    exit_code = 2


class Refused(Failure):
    """The server said no, with one of its codes."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retryable: bool = False,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms

    @classmethod
    def from_error(cls, error: dict[str, Any]) -> Refused:
        """From an Error as the wire has it; fields of the wrong type are left out."""
        field, after_ms = error.get("field"), error.get("retry_after_ms")
        return cls(
            str(error.get("code", "internal")),
            str(error.get("message", "")),
            field=field if isinstance(field, str) else None,
            retryable=error.get("retryable") is True,
            retry_after_ms=after_ms if isinstance(after_ms, int) else None,
        )

    def format_message(self) -> str:
        where = f", field `{self.field}`" if self.field else ""
        message = self.message.removesuffix(f": `{self.field}`")  # the field once, not twice
        return f"{message} ({self.code}{where})"


class Away(Failure):
    """Nothing that is an Earshot answered."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} does not answer: {reason}.")
        self.reason = reason


class Stopped(Exception):
    """The person asked to stop; not an error."""
