"""What /openapi.json says is what is served: schemathesis asks every operation with what
the document allows and with what it does not, and compares the answers with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)

from engine.config import Development, Settings
from engine.store import connect
from tests.web.api.conftest import SECRET, Caller, application, line
from tests.web.api.memory_node import MemoryNode

AN_ENTRY = {"id": "1-0", "at": "2026-01-05T09:30:12.000Z", "kind": "sign_out"}
EXAMPLES = 6  # drawn for each operation, beside those that cover the schema's corners

# What JSON Schema or schemathesis has no word for; every other check is made everywhere.
EXCEPT = {
    # A page is one that a list gave.
    "GET /v1/calls": [positive_data_acceptance],
    # A reason needs a status beside it that is not null.
    "PATCH /v1/calls/{call_id}": [positive_data_acceptance],
    # 1.0 is an integer to JSON Schema.
    "POST /v1/calls/{call_id}/segments": [positive_data_acceptance],
    # A line, or a document, that is wrong is refused alone, within a 200.
    "POST /v1/segments": [negative_data_rejection],
    "PUT /v1/documents": [negative_data_rejection],
    # DELETE is of a document that has the id `search`.
    "GET /v1/documents/search": [allow_header_conformance],
}


class Served:
    """The application of the test that runs; tests are collected before there is one."""

    def __init__(self) -> None:
        settings = Settings(jwt_secret=SECRET, development=Development(tokens=True))
        self.app: Any = application(MemoryNode(settings, connect("unix:///asked-for-nothing")))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        return self.app(environ, start)


def _config() -> SchemathesisConfig:
    config = SchemathesisConfig()
    # NUL is refused everywhere, which JSON Schema has no word for.
    config.projects.default.generation = GenerationConfig(deterministic=True, allow_x00=False)
    return config


served = Served()
operations = schemathesis.openapi.from_wsgi("/openapi.json", served, config=_config())


@pytest.fixture(autouse=True)
def existing(app: Any, admin: Caller) -> None:
    """What the document's examples name exists."""
    admin.post("/v1/calls", {"call_id": "call-1", "agent_ids": ["agent-1"]})
    admin.segments("call-1", line("s-1"))
    document = {"id": "late-fee", "title": "Late fees", "text": "A late fee is charged."}
    admin("PUT", "/v1/documents", {"documents": [document]})
    served.app = app


@schemathesis.serializer("application/x-ndjson")
def as_a_line(_: Any, value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def first_line(_: Any, response: Any) -> Any:
    lines = response.content.splitlines()
    return json.loads(lines[0]) if lines else AN_ENTRY  # a page may hold no line to judge


@operations.parametrize()
@examples(deadline=None, suppress_health_check=list(HealthCheck), max_examples=EXAMPLES)
def test_every_answer_is_as_the_document_says(case: Any, admin: Caller) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {admin.token}"},
        excluded_checks=EXCEPT.get(case.operation.label, []),
    )
