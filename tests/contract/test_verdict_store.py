"""What agents thought, what was shown and what was missing, on real stores."""

from __future__ import annotations

import os
from typing import Any

import pytest

from engine.assist.asked import Asked
from engine.decoding import encode
from engine.log import CallKey
from engine.showings import UNANSWERED_KEPT, ShowingStore
from engine.verdicts import VerdictStore, tenant_of
from engine.wire import AiSuggestion, FeedbackUpdate, SuggestedDocument

KEEP_S = 3600


@pytest.fixture
def showings(client: Any, now: list[float]) -> ShowingStore:
    return ShowingStore(client, lambda tenant: KEEP_S, clock=lambda: now[0])


@pytest.fixture
def verdicts(client: Any, showings: ShowingStore, now: list[float]) -> VerdictStore:
    return VerdictStore(client, lambda: now[0], showings, kept=5)


def suggestion(seq: int, *ids: str) -> AiSuggestion:
    documents = [SuggestedDocument(one, one, "…", 0.5) for one in ids]
    return AiSuggestion("c", documents, "", "none", f"suggestion:s{seq}", f"s{seq}", "e", seq)


def word(
    seq: int, doc_id: str, helpful: bool | None, agent_id: str = "ann", call_id: str = "c"
) -> bytes:
    return encode(FeedbackUpdate(call_id, doc_id, agent_id, helpful, "e", seq))


def learnt(store: VerdictStore, tenant: str, version: int = 0, erasures: int = 0) -> Any:
    feed = store.feed(tenant, version, erasures)
    assert feed is not None
    return {(c.doc_id, c.agent_id, c.call_id): c.helpful for c in feed.changes}


def test_a_verdict_is_kept_with_the_query_and_the_list_of_its_time(
    verdicts: VerdictStore, showings: ShowingStore, tenant: str
) -> None:
    call = CallKey(tenant, "c")
    showings.note(call, suggestion(3, "a", "b"), Asked(b"old", "model", ()))
    showings.note(call, suggestion(5, "b", "d"), Asked(b"new", "model", ()))
    verdicts.note(call, word(6, "a", True))
    verdicts.note(call, word(7, "b", False))

    feed = verdicts.feed(tenant, 0, 0)
    assert feed is not None
    kept = {c.doc_id: (c.helpful, c.model, c.vector, c.at) for c in feed.changes}
    assert kept == {
        "a": (True, "model", b"old", 1_700_000_000.0),
        "b": (False, "model", b"new", 1_700_000_000.0),
    }
    [verdict] = verdicts.of(tenant, "b")
    assert (verdict.agent_id, verdict.helpful, verdict.shown) == ("ann", False, ["b", "d"])


def test_a_verdict_whose_list_nobody_kept_is_kept_alone(
    verdicts: VerdictStore, tenant: str
) -> None:
    verdicts.note(CallKey(tenant, "c"), word(6, "a", True))
    [verdict] = verdicts.of(tenant, "a")
    assert (verdict.helpful, verdict.shown) == (True, [])
    assert learnt(verdicts, tenant) == {("a", "ann", "c"): True}


def test_one_word_of_an_agent_on_a_document_in_a_call_and_the_last_holds(
    verdicts: VerdictStore, tenant: str
) -> None:
    call = CallKey(tenant, "c")
    verdicts.note(call, word(9, "a", False))
    verdicts.note(call, word(6, "a", True))  # noted late: it was said before
    verdicts.note(call, word(7, "a", True, "bob"))
    verdicts.note(CallKey(tenant, "c2"), word(2, "a", True, call_id="c2"))
    assert verdicts.tally(tenant) == {"a": (2, 1)}
    verdicts.note(call, word(10, "a", None))
    assert verdicts.tally(tenant) == {"a": (2, 0)}
    assert [v.agent_id for v in verdicts.of(tenant, "a")] in (["ann", "bob"], ["bob", "ann"])
    verdicts.note(call, word(9, "a", False))
    assert verdicts.tally(tenant) == {"a": (2, 0)}, "what was taken back does not come back"


def test_a_node_that_follows_hears_what_changed_and_nothing_twice(
    verdicts: VerdictStore, tenant: str
) -> None:
    call = CallKey(tenant, "c")
    verdicts.note(call, word(1, "a", True))
    verdicts.note(call, word(2, "b", True))
    first = verdicts.feed(tenant, 0, 0)
    assert first is not None
    assert verdicts.feed(tenant, first.version, first.erasures) is None
    verdicts.note(call, word(3, "a", None))
    assert learnt(verdicts, tenant, first.version) == {("a", "ann", "c"): None}


def test_what_changed_is_published(verdicts: VerdictStore, client: Any, tenant: str) -> None:
    listener = client.pubsub()
    listener.psubscribe("earshot:{*}:verdicts:changed")
    assert listener.get_message(timeout=10)["type"] == "psubscribe"
    verdicts.note(CallKey(tenant, "c"), word(1, "a", True))
    message = listener.get_message(timeout=10)
    while tenant_of(message["channel"].decode()) != tenant:
        message = listener.get_message(timeout=10)
    listener.close()
    assert message["data"] == b"1"


def test_the_feed_is_bounded_and_the_verdicts_are_not(verdicts: VerdictStore, tenant: str) -> None:
    for number in range(8):
        verdicts.note(CallKey(tenant, "c"), word(number + 1, f"d{number}", True))
    assert {key[0] for key in learnt(verdicts, tenant)} == {f"d{n}" for n in range(3, 8)}
    assert len(verdicts.tally(tenant)) == 8


def test_erasure_of_a_call_takes_its_verdicts_and_its_questions(
    verdicts: VerdictStore, showings: ShowingStore, client: Any, tenant: str
) -> None:
    for call_id in ("c", "c2"):
        call = CallKey(tenant, call_id)
        showings.note(call, suggestion(3, "a"), Asked(b"q", "model", ()))
        showings.note_unanswered(call, "s1", Asked(words=("parking",)))
        verdicts.note(call, word(6, "a", True, call_id=call_id))
    known = verdicts.feed(tenant, 0, 0)
    assert known is not None

    verdicts.forget_call(tenant, "c")
    showings.forget_call(CallKey(tenant, "c"))

    feed = verdicts.feed(tenant, known.version, known.erasures)
    assert feed is not None
    assert feed.anew, "what a node has learnt is forgotten too"
    assert [change.call_id for change in feed.changes] == ["c2"]
    assert verdicts.tally(tenant) == {"a": (1, 0)}
    assert [entry.call_id for entry in showings.unanswered(tenant)] == ["c2"]
    left = [key for key in client.scan_iter(f"earshot:*{tenant}*") if b"/c}" in key]
    assert left == []
    for key in client.scan_iter(f"earshot:{{{tenant}}}:verdicts:*"):
        assert not key.endswith(b":in:c")


def test_what_was_asked_in_vain_is_bounded_by_number_and_time(
    showings: ShowingStore, client: Any, tenant: str, now: list[float]
) -> None:
    call = CallKey(tenant, "c")
    asked = Asked(words=("parking", "garage"))
    showings.note_unanswered(call, "s0", asked)
    now[0] += KEEP_S + 1
    for number in range(3):
        now[0] += 1
        showings.note_unanswered(call, f"s{number + 1}", asked)
    assert [entry.because for entry in showings.unanswered(tenant)] == ["s3", "s2", "s1"]
    assert client.zcard(f"earshot:{{{tenant}}}:unanswered") == 3 < UNANSWERED_KEPT


def test_how_often_a_document_was_shown_is_counted(showings: ShowingStore, tenant: str) -> None:
    call = CallKey(tenant, "c")
    showings.note(call, suggestion(3, "a", "b"), Asked())
    showings.note(call, suggestion(4, "b"), Asked())
    showings.note(call, suggestion(5), Asked())
    assert showings.counts(tenant) == {"a": 1, "b": 2}


def test_what_another_version_stored_is_passed_over(
    verdicts: VerdictStore, showings: ShowingStore, client: Any, tenant: str
) -> None:
    client.hset(f"earshot:{{{tenant}/c}}:shown", "a", os.urandom(8))
    client.zadd(f"earshot:{{{tenant}}}:unanswered", {b"{": 1_700_000_000})
    client.hset(f"earshot:{{{tenant}}}:verdicts:of:a", "ann c", b"5 + \xff")
    assert showings.last(CallKey(tenant, "c"), "a") is None
    assert showings.unanswered(tenant) == []
    assert verdicts.of(tenant, "a") == []
