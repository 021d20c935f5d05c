"""What every answer tells a browser: what it may load, who may frame it, who may read it.

Owns the security headers of pages and API, and cross-origin access for the origins that
`server.origins` names (Socket.IO checks the same list by itself). It decides no rights: a
request still needs its token, and no answer under /v1 depends on a cookie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from engine.config import Server

# Nothing inline, nothing from elsewhere. 'self' covers a WebSocket to the page's own origin.
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; frame-ancestors {}"
)
_NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_HSTS = "max-age=31536000"
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_ASKED_FOR = "Authorization, Content-Type"
_SHOWN = "Retry-After"
_PREFLIGHT_S = "600"


def install(app: Flask, server: Server, refused: Callable[[str], None]) -> None:
    """Put the headers on every answer of `app`, and answer preflights of /v1. `refused` is told
    the origin of each that is not allowed."""
    allows = origin_check(server.origins)
    ancestors = " ".join(["'self'", *server.embedders])

    @app.before_request
    def preflight() -> Response | None:
        asked = request.headers.get("Access-Control-Request-Method")
        if request.method == "OPTIONS" and asked and request.path.startswith("/v1/"):
            origin = request.headers.get("Origin", "")
            if allows(origin):
                return Response(status=204)
            refused(origin)
            return Response(status=403)
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        page = response.mimetype == "text/html"
        policy = _PAGE.format(ancestors) if page else _NOT_A_PAGE
        response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in _COMMON.items():
            response.headers.setdefault(name, value)
        if request.is_secure or request.headers.get("X-Forwarded-Proto") == "https":
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if request.path.startswith("/v1/"):
            _share(response, request.headers.get("Origin", ""), allows)
        return response


def origin_check(origins: list[str]) -> Callable[[str], bool]:
    """Whether a page of this origin may ask and read. Our own origin needs no leave."""
    listed = {origin.rstrip("/").lower() for origin in origins}
    if "*" in listed:
        return lambda origin: bool(urlsplit(origin).scheme)
    return lambda origin: origin.lower() in listed


def socket_origins(origins: list[str]) -> Any:
    """The same list for Flask-SocketIO, which takes a list for all there is: our own origin
    goes on being allowed."""
    if not origins or "*" in origins:
        return "*" if origins else None
    listed = origin_check(origins)
    return lambda origin, environ: listed(origin or "") or _is_own(origin or "", environ)


def _is_own(origin: str, environ: Mapping[str, Any]) -> bool:
    """As the browser sees us, through a proxy or without one."""
    hosts = (environ.get("HTTP_X_FORWARDED_HOST", ""), environ.get("HTTP_HOST", ""))
    return urlsplit(origin).netloc.lower() in {
        host.split(",")[0].strip().lower() for host in hosts if host
    }


def _share(response: Response, origin: str, allows: Callable[[str], bool]) -> None:
    response.headers.add("Vary", "Origin")
    if not origin or not allows(origin):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _SHOWN
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _ASKED_FOR
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_S
