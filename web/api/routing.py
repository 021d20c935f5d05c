"""A route: where, who may, what comes in, what goes out. One value for Flask and OpenAPI.

Owns the order in which a request is judged: token, role, ids, query, body, then the view.
Views are plain functions of a node and what was asked; they know no Flask. The document at
/openapi.json is made from the same values, so it cannot say anything else than is served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint, Response, request

from engine.decoding import decode
from engine.identity import PRODUCERS as PRODUCER_ROLES
from engine.identity import Identity
from engine.log import CallKey
from web.api import reading
from web.api.answering import JSON, Answer, respond
from web.api.seam import Node


class Access(NamedTuple):
    """Who may ask. `allowed` None: everybody, without a token."""

    allowed: Callable[[Identity], bool] | None
    roles: str


OPEN = Access(None, "nobody needs a token")
ANY_ROLE = Access(lambda identity: True, "any role")
WATCHERS = Access(
    lambda identity: True, "the call's agents, and the tenant's supervisors, producers and admins"
)
PRODUCERS = Access(lambda identity: identity.may_produce, ", ".join(PRODUCER_ROLES))
ADMINS = Access(lambda identity: identity.may_administer, "admin")


class Body(NamedTuple):
    """What a request carries. `media`: content type -> shape, for the document; JSON is
    read whatever the content type says. `raw`: the view reads the bytes itself."""

    media: Mapping[str, Any]
    bulk: bool = False  # reading.BULK_BYTES instead of limits.frame_bytes
    raw: bool = False


def json_of(shape: type[Any]) -> Body:
    return Body({JSON: shape})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, checked. `ids`: those of the path; `body`: decoded, or bytes; `media`: the
    content type the sender gave it, '' if none."""

    who: Identity | None
    ids: Mapping[str, str]
    query: Any = None
    body: Any = None
    media: str = ""

    @property
    def identity(self) -> Identity:
        if self.who is None:
            raise RuntimeError("an open route has no identity")
        return self.who

    @property
    def call(self) -> CallKey:
        """The call of the path, in the caller's tenant: no path leads to another's."""
        return CallKey(self.identity.tenant, self.ids["call_id"])


View = Callable[[Node, Asked], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as OpenAPI writes it; `does` completes 'The role agent may not …'; `answers`:
    status -> shape (None: no body); `codes`: refusals beyond those of every such route."""

    method: str
    path: str
    view: View
    does: str
    answers: Mapping[int, Any]
    access: Access = WATCHERS
    codes: tuple[str, ...] = ()
    query: type[Any] | None = None
    body: Body | None = None
    media: str = JSON
    notes: str = ""

    @property
    def name(self) -> str:
        return f"{self.view.__module__.rpartition('.')[2]}_{self.view.__name__.strip('_')}"


def mount(blueprint: Blueprint, node: Node, routes: list[Route]) -> None:
    for route in routes:
        blueprint.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            endpoint=route.name,
            view_func=_flask_view(node, route),
            methods=[route.method],
            provide_automatic_options=False,
        )


def _flask_view(node: Node, route: Route) -> Callable[..., Response]:
    def view(**values: str) -> Response:
        return respond(route.view(node, _asked(node, route, values)))

    return view


def _asked(node: Node, route: Route, values: Mapping[str, str]) -> Asked:
    who = None
    if route.access.allowed is not None:
        who = reading.identity(request, node.tokens, node.clock.wall())
        who.require(route.access.allowed(who), route.does, route.access.roles)
        if not who.may_produce or route.access is not PRODUCERS:
            node.spend(who, "requests", 1)
    ids = reading.ids(values)
    query = reading.query(route.query, request.args) if route.query else None
    body = _body(node, route.body) if route.body else None
    return Asked(who, ids, query, body, request.mimetype)


def _body(node: Node, body: Body) -> Any:
    limit = reading.BULK_BYTES if body.bulk else node.settings.limits.frame_bytes
    raw = reading.body(request, limit)
    return raw if body.raw else decode(body.media[JSON], raw)
