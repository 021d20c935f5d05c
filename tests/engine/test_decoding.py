"""Every refusal of a message names the field, as its sender would write it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import wire
from engine.answers import COMMANDS, DocumentBody, SegmentsBody, TokenBody
from engine.choices import choices
from engine.decoding import convert, decode, encode, error_of, parse
from engine.errors import BadRequest
from tests.engine.histories import quick

SEGMENT: dict[str, Any] = {"segment_id": "s1", "speaker": "customer", "text": "hello"}
APPEND: dict[str, Any] = {"call_id": "c1", "segments": [SEGMENT]}

# One good value of everything that comes in from outside.
GOOD: list[tuple[type[msgspec.Struct], dict[str, Any]]] = [
    (wire.AgentConnect, {"agent_id": "ann", "auth_token": "t", "client_id": "tab"}),
    (wire.CallSubscribe, {"call_id": "c1", "since": {"epoch": "e", "seq": 3}, "interim": True}),
    (wire.CallUnsubscribe, {"call_id": "c1"}),
    (wire.CallHistory, {"call_id": "c1", "epoch": "e", "before": 9, "limit": 5}),
    (wire.DocFeedback, {"doc_id": "d1", "helpful": None, "call_id": "c1", "feedback_id": "f"}),
    (wire.DocSeen, {"call_id": "c1", "items": [{"doc_id": "d1", "action": "shown"}]}),
    (wire.CallsWatch, {"filter": {"status": "active", "agent_id": "ann"}}),
    (wire.ClientReport, {"paint_ms": [1.5]}),
    (wire.SegmentAppend, {**APPEND, "segments": [{**SEGMENT, "participant": "kim"}]}),
    (wire.CallCreate, {"agent_ids": ["ann"], "call_id": "c", "metadata": {"a": [1]}}),
    (wire.CallUpdate, {"call_id": "c1", "status": "ended", "agent_ids": ["ann"]}),
    (SegmentsBody, {"segments": [SEGMENT]}),
    (DocumentBody, {"id": "d1", "title": "T", "text": "x", "tags": ["a"]}),
    (TokenBody, {"agent_id": "ann"}),
]


def both(shape: type[Any], value: Any) -> BadRequest:
    """The refusal, which must be the same for JSON and for a value parsed already."""
    with pytest.raises(BadRequest) as parsed:
        convert(shape, value)
    with pytest.raises(BadRequest) as raw:
        decode(shape, json.dumps(value).encode())
    assert raw.value.field == parsed.value.field
    return raw.value


def places(value: Any, path: str = "") -> list[tuple[str, list[Any]]]:
    """Every field of a value: (as a sender writes it, the keys that lead there)."""
    found: list[tuple[str, list[Any]]] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        name = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
        found.append((name, [key]))
        if isinstance(one, (dict, list)) and key != "metadata":
            found += [(deep, [key, *keys]) for deep, keys in places(one, name)]
    return found


def test_every_command_is_among_the_good_ones() -> None:
    assert {shape for shape, _ in COMMANDS.values()} <= {shape for shape, _ in GOOD}


@pytest.mark.parametrize(("shape", "value"), GOOD, ids=lambda one: getattr(one, "__name__", ""))
def test_a_good_value_is_the_same_by_both_ways(shape: type[Any], value: Any) -> None:
    assert decode(shape, json.dumps(value)) == convert(shape, value)


@pytest.mark.parametrize(
    ("shape", "value", "field", "keys"),
    [(shape, value, name, keys) for shape, value in GOOD for name, keys in places(value)],
    ids=lambda one: one if isinstance(one, str) else getattr(one, "__name__", ""),
)
def test_a_wrong_type_names_its_field(
    shape: type[Any], value: Any, field: str, keys: list[Any]
) -> None:
    ill = json.loads(json.dumps(value))
    parent = ill
    for key in keys[:-1]:
        parent = parent[key]
    parent[keys[-1]] = 3.25 if not isinstance(parent[keys[-1]], float) else "fast"
    found = both(shape, ill)
    if "[" in field.rpartition(".")[2]:  # msgspec says `[...]` for any item of a list
        assert found.field is not None
    assert (found.field or "").replace("[...]", "[0]") == field
    assert f"`{found.field}`" in found.message


@pytest.mark.parametrize(
    ("shape", "value", "field"),
    [
        (shape, {k: v for k, v in value.items() if k != name}, name)
        for shape, value in GOOD
        for name in shape.__struct_fields__
        if name in value
        and msgspec.structs.fields(shape)[shape.__struct_fields__.index(name)].required
    ],
    ids=lambda one: one if isinstance(one, str) else getattr(one, "__name__", ""),
)
def test_a_missing_field_is_named(shape: type[Any], value: Any, field: str) -> None:
    found = both(shape, value)
    assert (found.field, found.message) == (field, f"`{field}` is required")


def test_a_missing_field_deep_inside_is_named_with_its_way() -> None:
    second = {key: value for key, value in SEGMENT.items() if key != "text"}
    found = both(wire.SegmentAppend, {"call_id": "c1", "segments": [SEGMENT, second]})
    assert found.field == "segments[1].text"


@pytest.mark.parametrize(
    "ill", ["", "a b", "a\n", "\na", "é", "a/b", "x" * 129, "a\x7f", "{a}", "a\\", "a%", "a#"]
)
def test_an_id_that_is_none_is_refused_and_the_rule_is_told(ill: str) -> None:
    found = both(wire.CallSubscribe, {"call_id": ill})
    assert found.field == "call_id"
    assert "1 to 128 of letters, digits and _.:@|+*-" in found.message


@pytest.mark.parametrize("good", ["a", "x" * 128, "a.b:c@d|e+f*g-h_9"])
def test_an_id_may_hold_all_that_the_rule_says(good: str) -> None:
    assert decode(wire.CallSubscribe, json.dumps({"call_id": good})).call_id == good


SEGMENT_FAULTS: list[tuple[str, Any]] = [
    ("text", ""),
    ("text", "x" * 20_001),
    ("text", "x" * 100_000),
    ("text", "a\x00b"),
    ("text", "a\ud800b"),
    ("text", "\udfff"),
    ("participant", "k\x00"),
    ("timestamp", "2024-01-01T00:00:00"),
    ("timestamp", "yesterday"),
    ("timestamp", "2024-13-01T00:00:00Z"),
    ("timestamp", 5.5),
    ("speaker", "robot"),
    ("speaker", "Customer"),
    ("revision", -1),
    ("revision", 2**31),
    ("revision", 10**400),
    ("final", "yes"),
    ("segment_id", "s\n"),
]


@pytest.mark.parametrize(("name", "value"), SEGMENT_FAULTS, ids=lambda one: repr(one)[:30])
def test_what_a_segment_may_not_hold_is_named_in_its_batch(name: str, value: Any) -> None:
    body = {"call_id": "c1", "segments": [SEGMENT, {**SEGMENT, name: value}]}
    found = both(wire.SegmentAppend, body)
    assert found.field == f"segments[1].{name}"
    assert len(found.message) < 500, "what was sent is not sent back whole"


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [
        (
            SegmentsBody,
            {"segments": [SEGMENT, {**SEGMENT, "speaker": "client"}]},
            "Expected one of agent, customer, got 'client': `segments[1].speaker`",
        ),
        (
            wire.CallsWatch,
            {"filter": {"status": "live"}},
            "Expected one of active, ended, on_hold, got 'live': `filter.status`",
        ),
    ],
)
def test_a_word_that_is_none_of_a_few_is_told_which_they_are(
    shape: type[Any], value: Any, message: str
) -> None:
    assert both(shape, value).message == message


def test_a_choice_is_found_inside_of_lists_and_of_maps() -> None:
    assert choices(list[wire.Segment], "[0].speaker") == ["agent", "customer"]
    assert choices(dict[str, list[wire.Segment]], "[...][12].speaker") == ["agent", "customer"]


@pytest.mark.parametrize("path", ["", "segments", "segments[0]", "segments[0].text", "no.such"])
def test_what_is_no_choice_has_no_words(path: str) -> None:
    assert choices(SegmentsBody, path) == []


def test_a_text_of_the_greatest_length_is_taken() -> None:
    body = {**APPEND, "segments": [{**SEGMENT, "text": "é" * 20_000}]}
    assert len(decode(wire.SegmentAppend, json.dumps(body)).segments[0].text) == 20_000


@pytest.mark.parametrize(
    ("items", "field"),
    [([], "segments"), ([SEGMENT] * 201, "segments")],
)
def test_a_batch_is_not_empty_and_not_endless(items: list[Any], field: str) -> None:
    assert both(wire.SegmentAppend, {"call_id": "c1", "segments": items}).field == field


@pytest.mark.parametrize("depth", [33, 100, 900])
@pytest.mark.parametrize("text", ["x", "\x01"], ids=["plain", "escaped"])
def test_what_is_nested_too_deeply_is_refused(depth: int, text: str) -> None:
    metadata: Any = text
    for _ in range(depth):
        metadata = [metadata]
    found = both(wire.CallCreate, {"agent_ids": [], "metadata": {"deep": metadata}})
    assert (found.field or "").startswith("metadata.deep[0]")


def test_nesting_that_no_parser_follows_is_refused() -> None:
    raw = b'{"agent_ids":[],"metadata":{"n":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    with pytest.raises(BadRequest, match="nested too deeply"):
        decode(wire.CallCreate, raw)
    with pytest.raises((ValueError, RecursionError)):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"nonsense", b'{"call_id":"c1",}', b'{"call_id":"\xff"}', b'{"call_id":"a\x00"}'],
)
def test_what_is_not_json_or_not_utf_8_is_said_to_be_that(raw: bytes) -> None:
    with pytest.raises(BadRequest, match="The body is not JSON"):
        decode(wire.CallUnsubscribe, raw)
    with pytest.raises(ValueError):
        parse(raw)


@pytest.mark.parametrize("body", [b"[]", b'"c1"', b"null", b"7"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match="Expected `object`"):
        decode(wire.CallUnsubscribe, body)


def test_text_with_a_lone_surrogate_names_its_field_in_whatever_form_it_comes() -> None:
    """As an escape, as the bytes of CESU-8, and in a string that Python read."""
    for raw in (
        b'{"call_id":"c1","segments":[{"segment_id":"s1","speaker":"agent","text":"\\ud800"}]}',
        b'{"call_id":"c1","segments":[{"segment_id":"s1","speaker":"agent","text":"\xed\xa0\x80"}]}',
        '{"call_id":"c1","segments":[{"segment_id":"s1","speaker":"agent","text":"\ud800"}]}',
    ):
        with pytest.raises(BadRequest, match="lone surrogate") as refused:
            decode(wire.SegmentAppend, raw)
        assert refused.value.field == "segments[0].text"


def test_a_surrogate_pair_is_a_character() -> None:
    raw = b'{"doc_id":"d","call_id":"c","helpful":true,"feedback_id":"f","note":"\\ud83d\\ude00"}'
    assert decode(wire.DocFeedback, raw).helpful is True


@pytest.mark.parametrize("key", ["a\x00", "\ud800"])
def test_a_key_of_metadata_is_text_like_any_other(key: str) -> None:
    found = both(wire.CallCreate, {"agent_ids": [], "metadata": {"in": {key: 1}}})
    assert found.field == "metadata.in"


@pytest.mark.parametrize("binary", [b"c1", bytearray(b"c1")])
def test_binary_is_refused_by_its_field(binary: Any) -> None:
    with pytest.raises(BadRequest, match="Binary") as refused:
        convert(wire.SegmentAppend, {"call_id": "c1", "segments": [{**SEGMENT, "text": binary}]})
    assert refused.value.field == "segments[0].text"


def test_fields_we_do_not_know_are_left_aside() -> None:
    assert decode(wire.CallUnsubscribe, b'{"call_id":"c1","new":{"x":[1]}}').call_id == "c1"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@quick
@given(st.sampled_from(GOOD), st.data())
def test_nothing_that_is_sent_raises_anything_but_a_bad_request(good: Any, data: Any) -> None:
    shape, value = good
    ill = {**value, data.draw(st.sampled_from(sorted(value))): data.draw(_json)}
    for act in (lambda: convert(shape, ill), lambda: decode(shape, json.dumps(ill))):
        with suppress(BadRequest):
            act()


@quick
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_bad_request(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(wire.CallUnsubscribe, raw)


def test_a_refusal_that_quotes_half_a_character_can_be_sent() -> None:
    quoting = BadRequest("There is no event `\ud800`", field="\udfff")
    assert encode(error_of(quoting)) == (
        b'{"code":"bad_request","message":"There is no event `?`","retryable":false,"field":"?"}'
    )
