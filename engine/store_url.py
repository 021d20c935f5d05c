"""REDIS_URL: which shape of store it names, and what of it may be shown.

Owns the forms that are accepted and the words in which others are refused:

    redis://[user:password@]host[:6379][/db]                  one server; rediss:// with TLS
    unix:///path                                              one server on this machine
    redis+sentinel://[user:password@]host[:26379],…/service[/db]   who leads is asked of sentinels
    redis+cluster://[user:password@]host[:6379],…             a cluster, by some of its nodes

It does no IO beyond looking whether a named file can be read.
"""

from __future__ import annotations

import os
import re
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis import exceptions as wrong
from redis.connection import parse_url

Address = tuple[str, int]
Shape = Literal["single", "sentinel", "cluster"]

SCHEMES: dict[str, tuple[Shape, str]] = {  # -> the shape, and redis-py's scheme for it
    "redis": ("single", "redis"),
    "rediss": ("single", "rediss"),
    "unix": ("single", "unix"),
    "redis+sentinel": ("sentinel", "redis"),
    "rediss+sentinel": ("sentinel", "rediss"),
    "redis+cluster": ("cluster", "redis"),
    "rediss+cluster": ("cluster", "rediss"),
}
STORE_PORT, SENTINEL_PORT = 6379, 26379

_PLAIN_OPTIONS = frozenset({"db", "username", "password", "client_name"})
_TLS_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_ca_path"})
_TLS_OPTIONS = _TLS_FILES | {"ssl_password", "ssl_cert_reqs", "ssl_check_hostname", "ssl_ciphers"}
_SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})
_parse_url: Any = parse_url  # it has no types
_SECRETS = ("password", "ssl_password", "sentinel_password")


class StoreUnusable(Exception):
    """The store cannot be used. The message is one to three sentences for the person who
    starts the server: what was tried, what is wrong, what to do. It shows no password."""


class StoreUrl(NamedTuple):
    """`options` are redis-py's for a connection to the store, without host and port where
    these are found out; `asked` those for a connection to a sentinel."""

    shape: Shape
    shown: str
    hidden: tuple[str, ...]  # what no message may hold
    options: dict[str, Any]
    hosts: tuple[Address, ...] = ()  # the sentinels, or nodes of the cluster
    service: str = ""
    asked: dict[str, Any] = {}


def read(url: str) -> StoreUrl:
    """Raises StoreUnusable for a URL that cannot be used, naming REDIS_URL.

    No text of the URL enters a message before it is known which part is the password: one
    that holds an unescaped '/', '?' or '#' ends up in the port, the path or the query.
    """
    scheme = url.partition("://")[0]
    if "://" not in url or scheme not in SCHEMES:
        raise StoreUnusable(
            "REDIS_URL must start with redis://, rediss:// or unix://, or with redis+sentinel://"
            " or redis+cluster:// (rediss+… with TLS)."
        )
    shape, plain = SCHEMES[scheme]
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        default = SENTINEL_PORT if shape == "sentinel" else STORE_PORT
        hosts = tuple(_address(one, default) for one in _hosts(parts, shape))
        readable = not parts.fragment and "@" not in parts.path + parts.query
    except ValueError:
        readable = False
    if not readable:
        raise StoreUnusable(
            "REDIS_URL cannot be read. In a user name, password or path write '@' as %40,"
            " '/' as %2F, '?' as %3F and '#' as %23; the port is a number."
        )
    _check(options, tls=plain == "rediss", sentinel=shape == "sentinel")
    path, service = _place(parts, shape)
    hidden = (unquote(parts.password or ""), *(options.get(name) for name in _SECRETS))
    told, asked = _options(parts, plain, path, options)
    return StoreUrl(
        shape,
        _shown(parts, hosts, path, service),
        tuple(filter(None, hidden)),
        told,
        hosts,
        service,
        asked,
    )


def _hosts(parts: SplitResult, shape: Shape) -> list[str]:
    where = parts.netloc.rpartition("@")[2]
    return where.split(",") if shape != "single" else [where]


def _address(text: str, default: int) -> Address:
    parts = urlsplit(f"//{text}")
    if parts.port == 0:
        raise ValueError("0 is no port")
    return parts.hostname or "localhost", parts.port or default


def _check(options: dict[str, str], *, tls: bool, sentinel: bool) -> None:
    none = frozenset[str]()
    known = _PLAIN_OPTIONS | (_TLS_OPTIONS if tls else none)
    known |= _SENTINEL_OPTIONS if sentinel else none
    for name in options.keys() - known:
        raise StoreUnusable(f"REDIS_URL has the option {name!r}, which is not known here.")
    for name in _TLS_FILES & options.keys():
        if not os.access(options[name], os.R_OK):
            raise StoreUnusable(f"REDIS_URL's {name}={options[name]} cannot be read.")


def _place(parts: SplitResult, shape: Shape) -> tuple[str, str]:
    """(the path as redis-py reads it, the sentinels' service)"""
    if parts.scheme == "unix":
        if parts.netloc.rpartition("@")[2] or not parts.path:
            raise StoreUnusable("REDIS_URL with unix:// needs an absolute path: unix:///path.")
        return parts.path, ""
    if shape == "sentinel":
        words = [unquote(word) for word in parts.path.strip("/").split("/")]
        if len(words) == 2 and words[0].isdigit():
            words.reverse()  # python-socketio writes the database first
        if not words[0] or len(words) > 2 or not all(word.isdigit() for word in words[1:]):
            raise StoreUnusable(
                "REDIS_URL with sentinels ends in /SERVICE, the name they know the store by, or"
                " /SERVICE/NUMBER with a database."
            )
        return "/" + "".join(words[1:]), words[0]
    if shape == "cluster" and (parts.path.strip("/") or "db=" in parts.query):
        raise StoreUnusable("REDIS_URL of a cluster names no database: a cluster has only one.")
    if not re.fullmatch(r"/?|/\d+", parts.path):
        raise StoreUnusable("REDIS_URL may end in /NUMBER, a database, and nothing else.")
    return parts.path, ""


def _options(
    parts: SplitResult, plain: str, path: str, options: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """For the store and for its sentinels: what redis-py reads in a URL of one server that
    has the same user, path and query."""
    user, at, where = parts.netloc.rpartition("@")
    first = where.partition(",")[0]
    query = "&".join(
        word for word in parts.query.split("&") if not word.startswith("sentinel_") and word
    )
    try:
        told: dict[str, Any] = _parse_url(
            f"{plain}://{user}{at}{first}{path}{query and '?'}{query}"
        )
    except (wrong.RedisError, TypeError, ValueError):
        raise StoreUnusable("REDIS_URL has an option whose value redis-py refuses.") from None
    if parts.scheme.partition("+")[1]:  # these are asked for
        told = {name: value for name, value in told.items() if name not in ("host", "port")}
    of_tls = {name: value for name, value in told.items() if name.startswith("ssl_")}
    asked = of_tls | {
        name.removeprefix("sentinel_"): options[name] for name in _SENTINEL_OPTIONS & options.keys()
    }
    return told, asked


def _shown(parts: SplitResult, hosts: tuple[Address, ...], path: str, service: str) -> str:
    if parts.scheme == "unix":
        return f"unix://{unquote(path)}"
    where = ",".join(f"{_bracketed(host)}:{port}" for host, port in hosts)
    behind = f"/{service}{path.rstrip('/')}" if service else path.rstrip("/")
    return f"{parts.scheme}://{where}{behind}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
