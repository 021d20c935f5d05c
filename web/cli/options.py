"""What several commands take on their command line.

Owns the spelling and the checks of options; what they mean is the commands' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from web.cli.access import DEFAULT_URL

Command = TypeVar("Command", bound=Callable[..., Any])

_ID = re.compile(r"[A-Za-z0-9_.:@|+*-]{1,128}\Z")
_TIME = re.compile(r"(\d+)\s*(s|m|h|d)?\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class IdType(click.ParamType[str]):
    """An id as the wire has them."""

    name = "id"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not _ID.match(value):
            self.fail(f"{value!r} is not an id: 1 to 128 of letters, digits and _.:@|+*-", param)
        return str(value)


class LifetimeType(click.ParamType[int]):
    """A time such as 90, 30m, 8h or 7d, in seconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        found = _TIME.match(value)
        if not found or int(found[1]) == 0:
            self.fail(f"{value!r} is not a time such as 90s, 30m, 8h or 7d", param)
        return int(found[1]) * _SECONDS[found[2] or "s"]


class SpeedType(click.ParamType[float]):
    """More than 0, and not so fast that pauses vanish."""

    name = "speed"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0.01 <= speed <= 1000:
            self.fail(f"{value!r} is not a speed between 0.01 and 1000", param)
        return speed


class PortType(click.ParamType[int]):
    """One to listen on that can be told to others."""

    name = "port"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        port = int(value) if str(value).isdecimal() else 0
        if not 1 <= port <= 65_535:
            self.fail(f"{value!r} is not a port between 1 and 65535", param)
        return port


AN_ID = IdType()
PATH = click.Path(exists=True, path_type=Path)
A_LIFETIME = LifetimeType()
A_PORT = PortType()
A_SPEED = SpeedType()


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"{value!r} must begin with http:// or https://")
    return value.rstrip("/")


def of_a_server(command: Command) -> Command:
    """--url and --token."""
    command = click.option(
        "--token",
        envvar="EARSHOT_TOKEN",
        metavar="TOKEN",
        help="Token to act with [env: EARSHOT_TOKEN]. Without one it is made from JWT_SECRET;"
        " without that, asked of the server, which gives one in development only.",
    )(command)
    return click.option(
        "--url",
        envvar="EARSHOT_URL",
        default=DEFAULT_URL,
        show_default=True,
        metavar="URL",
        callback=_address,
        help="Address of the server [env: EARSHOT_URL].",
    )(command)
