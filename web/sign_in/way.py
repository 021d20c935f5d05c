"""How the page that asks comes to its token: what /sign-in/way answers.

Owns the choice, by the settings, and the words for who has to configure something. It is the
same for everybody and holds no secret.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from engine.config import Settings
from engine.wire import Role

HOW = (
    "Nobody can sign in here yet. For people: set sign_in.issuer, sign_in.client_id and "
    "sign_in.url in config.yaml. Inside another application: name its origin in "
    "server.embedders. To try it: make run. docs/sign-in.md tells each in a page."
)


class Way(Struct):
    """`sign_in`: a session gives tokens. `development`: POST /v1/tokens does. `none`: neither.
    A page in a frame of one of `embedders` asks the page around it first."""

    way: Literal["sign_in", "development", "none"]
    embedders: list[str]
    message: str | UnsetType = UNSET


class PageToken(Struct):
    token: str
    expires_at: str
    agent_id: str
    role: Role
    tenant: str


class SignedOut(Struct):
    """Where to send the browser now."""

    at: str


def way_of(settings: Settings) -> Way:
    embedders = settings.server.embedders
    if settings.sign_in.issuer:
        return Way("sign_in", embedders)
    if settings.development.tokens:
        return Way("development", embedders)
    return Way("none", embedders, HOW)
