"""The API over a node in memory, asked as its users ask it: with a token and bytes."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from werkzeug.test import TestResponse

from engine.config import Development, Settings
from engine.store import connect
from engine.store_embedded import EmbeddedStore
from tests.web.api.memory_node import MemoryNode
from web import api

SECRET = "a secret of sufficient length for HS256"
_tenants = (f"tenant-{number}" for number in itertools.count(1))


def application(node: MemoryNode) -> Flask:
    app = Flask("earshot", static_folder=None)
    api.install(app, node)
    app.register_blueprint(api.blueprint(node))
    return app


class Caller:
    """Somebody with a token. A dict or a list is sent as JSON, bytes and text as they are."""

    def __init__(self, app: Flask, token: str | None, tenant: str) -> None:
        self._client = app.test_client()
        self.token = token
        self.tenant = tenant

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return self._client.open(path, method=method, data=body, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self("POST", path, body, **options)

    def segments(self, call_id: str, *segments: dict[str, Any]) -> TestResponse:
        return self.post(f"/v1/calls/{call_id}/segments", {"segments": list(segments)})


def error(response: TestResponse, status: int) -> Any:
    """The refusal in a response, which must have the form every refusal has."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/json"
    body = response.get_json()
    assert list(body) == ["error"]
    assert {"code", "message", "retryable"} <= set(body["error"])
    assert set(body["error"]) <= {"code", "message", "retryable", "field", "retry_after_ms"}
    return body["error"]


def line(segment_id: str, text: str = "my internet is down", **more: Any) -> dict[str, Any]:
    return {"segment_id": segment_id, "speaker": "customer", "text": text} | more


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    store = EmbeddedStore.start(tmp_path_factory.mktemp("api"))
    with contextlib.closing(connect(store.url)) as client:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.RedisError):
                client.ping()
                break
        yield client
    store.stop()


@pytest.fixture
def settings() -> Settings:
    return Settings(jwt_secret=SECRET, development=Development(tokens=True))


@pytest.fixture
def node(settings: Settings, valkey: redis.Redis) -> MemoryNode:
    return MemoryNode(settings, valkey)


@pytest.fixture
def app(node: MemoryNode) -> Flask:
    return application(node)


@pytest.fixture
def tenant() -> str:
    """One of this test alone: the Valkey is shared."""
    return next(_tenants)


@pytest.fixture
def caller(app: Flask, node: MemoryNode, tenant: str) -> Callable[..., Caller]:
    def made(agent_id: str, role: Any = "agent", tenant: str = tenant) -> Caller:
        token, _ = node.tokens.issue(agent_id, role, tenant, node.clock.wall())
        return Caller(app, token, tenant)

    return made


@pytest.fixture
def producer(caller: Callable[..., Caller]) -> Caller:
    return caller("recogniser", "producer")


@pytest.fixture
def admin(caller: Callable[..., Caller]) -> Caller:
    return caller("root", "admin")


@pytest.fixture
def ann(caller: Callable[..., Caller]) -> Caller:
    """An agent; `call` is hers."""
    return caller("ann")


@pytest.fixture
def bob(caller: Callable[..., Caller]) -> Caller:
    """An agent of the same tenant, on no call."""
    return caller("bob")


@pytest.fixture
def nobody(app: Flask) -> Caller:
    return Caller(app, None, "")


@pytest.fixture
def call(producer: Caller) -> str:
    """A live call of ann's."""
    response = producer.post("/v1/calls", {"call_id": "call-1", "agent_ids": ["ann"]})
    assert response.status_code == 201
    return "call-1"
