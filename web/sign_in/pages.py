"""The few pages that people see when they cannot be signed in, or have signed out.

Owns their words and their HTML: no script, no style, nothing from elsewhere, every value escaped.
"""

from __future__ import annotations

from flask import Response
from markupsafe import escape

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title} - Earshot</title>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{href}">{link}</a></p>
</main>
</html>
"""


def page(status: int, title: str, text: str, link: str, href: str) -> Response:
    shown = {"title": title, "text": text, "link": link, "href": href}
    body = _PAGE.format(**{name: escape(value) for name, value in shown.items()})
    response = Response(body, status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(text: str) -> Response:
    return page(403, "You are not signed in", text, "Sign in again", "/sign-in")


def stale() -> Response:
    return page(
        400,
        "This sign-in is no longer open",
        "It took too long, was finished in another tab, or cookies are blocked for this site.",
        "Sign in again",
        "/sign-in",
    )


def away() -> Response:
    return page(
        503,
        "Sign-in is not possible right now",
        "Your identity provider, or our store, does not answer. Calls that are open go on.",
        "Try again",
        "/sign-in",
    )


def signed_out() -> Response:
    return page(200, "You are signed out", "This browser is signed out.", "Sign in", "/sign-in")
