"""The document at /openapi.json: complete, and made of what is served."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from engine.errors import CODES
from tests.web.api.conftest import Caller
from web.api import openapi, routes


@pytest.fixture
def document(nobody: Caller) -> Any:
    response = nobody.get("/openapi.json")
    assert response.content_type == "application/json"
    return response.get_json()


def test_every_route_of_the_api_is_in_the_document_and_no_other(app: Flask, document: Any) -> None:
    served = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method != "HEAD"
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == served


def test_every_refusal_has_the_shape_of_an_error(document: Any) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            refusals = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert "500" in refusals
            for response in refusals.values():
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorBody"}


def test_a_route_that_needs_a_token_says_so_and_names_who_may(document: Any) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            is_open = not path.startswith("/v1") or path == "/v1/tokens"
            assert operation["security"] == ([] if is_open else [{"token": []}])
            assert ("401" in operation["responses"]) is not is_open
            assert "Roles: " in operation["description"], (path, method)


def test_the_codes_are_the_closed_set(document: Any, settings: Any) -> None:
    assert document["components"]["schemas"]["Error"]["properties"]["code"]["enum"] == sorted(CODES)
    for route in routes(settings):
        assert openapi.codes_of(route) <= set(CODES)


def test_every_reference_leads_somewhere(document: Any) -> None:
    text = json.dumps(document)
    names = document["components"]["schemas"]
    for reference in text.split('"#/components/schemas/')[1:]:
        assert reference.partition('"')[0] in names


def test_the_schemas_are_valid_and_ids_are_strict(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(
            {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
        ), name
    [parameter] = document["paths"]["/v1/calls/{call_id}"]["get"]["parameters"]
    for good in ("call-1", "a.b:c@d|e+f*g_h", "x" * 128):
        assert jsonschema_rs.is_valid(parameter["schema"], good)
    for bad in ("", "a b", "a/b", "x" * 129, "a\n"):
        assert not jsonschema_rs.is_valid(parameter["schema"], bad)


def test_the_query_of_a_list_is_described_without_null(document: Any) -> None:
    parameters = document["paths"]["/v1/calls"]["get"]["parameters"]
    described = {p["name"]: p["schema"] for p in parameters}
    assert described["status"] == {"enum": ["active", "ended", "on_hold"]}
    assert described["limit"]["maximum"] == 200
    assert described["limit"]["default"] == 50
    assert "null" not in json.dumps(parameters)
