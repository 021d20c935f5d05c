"""The rules, one by one: what is allowed, and with which code and field the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given

from engine import decide, wire
from engine.call import Call
from engine.errors import BadRequest, CallEnded, EngineError, Final, NotFound, StaleRevision
from engine.log import StoredEvent
from tests.engine.histories import EPOCH, KEY, created, fold, history, quick, steps

NOW = 1_700_000_100.0  # 100 s after the call began
GRACE = 30.0


def refusal(act: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(EngineError) as refused:
        act()
    return refused.value.code, refused.value.field


def lands(call: Call, draft: decide.Draft | None) -> Call:
    """The call as it is once the draft is in the log."""
    assert draft is not None
    entry = decide.entry(draft, EPOCH, call.seq + 1)
    call.apply(StoredEvent(call.seq + 1, entry.event, entry.body, entry.key, entry.digest))
    return call


def change(call: Call, now_s: float = NOW, **fields: Any) -> decide.Draft | None:
    return decide.change(call, wire.CallPatch(**fields), "r1", now_s)


def segments(call: Call, *batch: wire.Segment, now_s: float = NOW) -> list[decide.SegmentPlan]:
    return decide.segments(call, list(batch), {}, now_s, GRACE)


def final(segment_id: str = "s1", text: str = "hello", **more: Any) -> wire.Segment:
    return wire.Segment(segment_id, "customer", text, **more)


def interim(segment_id: str = "s1", revision: int = 0, text: str = "hel") -> wire.Segment:
    return wire.Segment(segment_id, "customer", text, final=False, revision=revision)


@pytest.fixture
def call() -> Call:
    return fold([created()])


@pytest.fixture
def ended(call: Call) -> Call:
    return lands(call, change(call, status="ended"))


@pytest.fixture
def suggested() -> Call:
    return fold(history([("suggestion", ["d1", "d2"])]))


# --- create -------------------------------------------------------------------------------


def test_a_call_begins_active_with_each_agent_once() -> None:
    body = wire.CallCreate(agent_ids=["ann", "ben", "ann"], customer="Kim")
    event: Any = decide.create("call-1", body, NOW).event
    assert (event.status, event.agent_ids, event.customer) == ("active", ["ann", "ben"], "Kim")
    assert event.started_at == "2023-11-14T22:15:00.000Z"


def test_metadata_over_its_bound_is_refused() -> None:
    room = wire.MAX_METADATA_BYTES - len('{"note":""}')
    decide.create("c", wire.CallCreate([], metadata={"note": "x" * room}), NOW)
    over = wire.CallCreate([], metadata={"note": "x" * (room + 1)})
    assert refusal(lambda: decide.create("c", over, NOW)) == ("bad_request", "metadata")


def test_the_digest_of_metadata_does_not_depend_on_its_key_order() -> None:
    one = decide.create("c", wire.CallCreate([], metadata={"a": 1, "b": 2}), NOW)
    other = decide.create("c", wire.CallCreate([], metadata={"b": 2, "a": 1}), NOW + 9)
    assert one.digest == other.digest


# --- change -------------------------------------------------------------------------------


def test_a_change_to_what_is_so_already_writes_nothing(call: Call) -> None:
    assert change(call, status="active") is None
    assert change(call, agent_ids=["ann", "ann"]) is None
    assert change(call) is None


def test_a_change_keeps_what_it_does_not_name(call: Call) -> None:
    lands(call, change(call, status="on_hold", reason="privacy"))
    lands(call, change(call, agent_ids=["ben"]))
    assert (call.status, call.reason, call.agent_ids) == ("on_hold", "privacy", ("ben",))
    assert (call.customer, call.metadata) == ("Kim", {"line": 7})
    lands(call, change(call, status="active"))
    assert call.reason is None


def test_a_reason_without_a_status_is_refused(call: Call) -> None:
    assert refusal(lambda: change(call, reason="privacy")) == ("bad_request", "reason")


def test_the_end_is_written_once_with_its_time(call: Call) -> None:
    lands(call, change(call, status="ended", reason="abandoned"))
    assert (call.ended_at, call.duration(NOW + 999)) == ("2023-11-14T22:15:00.000Z", 100)
    assert change(call, NOW + 5, status="ended") is None
    assert call.reason == "abandoned"


def test_an_ended_call_neither_begins_again_nor_changes_hands(ended: Call) -> None:
    assert refusal(lambda: change(ended, status="active")) == ("call_ended", "status")
    assert refusal(lambda: change(ended, agent_ids=["ben"])) == ("call_ended", "agent_ids")


# --- segments -----------------------------------------------------------------------------


def test_a_final_is_appended_with_its_own_time_or_with_ours(call: Call) -> None:
    there = datetime(2024, 1, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    own, ours = segments(call, final("s1", timestamp=there), final("s2"))
    assert own.update.timestamp == "2024-01-01T00:00:00.000Z"
    assert ours.update.timestamp == "2023-11-14T22:15:00.000Z"
    assert own.draft is not None
    assert own.draft.key == "segment:s1"


@pytest.mark.parametrize("moved", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_time_that_utc_cannot_write_is_refused(call: Call, moved: timedelta) -> None:
    year = 9999 if moved < timedelta(0) else 1
    when = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 0 if year == 1 else 23)
    ill = final("s2", timestamp=when.replace(tzinfo=timezone(moved)))
    found = refusal(lambda: segments(call, final("s1"), ill))
    assert found == ("bad_request", "segments[1].timestamp")


def test_a_known_final_is_answered_as_the_first_time(call: Call) -> None:
    lands(call, segments(call, final())[0].draft)
    again = segments(call, final(), now_s=NOW + 9)[0]
    assert (again.outcome, again.seq, again.draft) == ("repeated", 2, None)


@pytest.mark.parametrize(
    "other", [final(text="bye"), final(timestamp=datetime(2024, 1, 1, tzinfo=UTC)), final()]
)
def test_another_content_for_a_known_final_is_refused(call: Call, other: wire.Segment) -> None:
    lands(call, segments(call, final(participant="kim"))[0].draft)
    found = refusal(lambda: segments(call, final("s0"), other))
    assert found == ("final", "segments[1].segment_id")


def test_a_final_folded_from_a_hint_is_left_for_the_log_to_judge(call: Call) -> None:
    """Hints carry no digest, so this node cannot tell a repetition from another text."""
    draft = segments(call, final())[0].draft
    assert draft is not None
    entry = decide.entry(draft, EPOCH, 2)
    call.apply(StoredEvent(2, entry.event, entry.body, "", ""))
    again = segments(call, final())[0]
    assert (again.outcome, again.draft and again.draft.digest) == ("appended", draft.digest)


def test_the_same_final_twice_in_one_batch_is_one_and_another_text_is_refused(call: Call) -> None:
    plans = segments(call, final(), final())
    assert [plan.outcome for plan in plans] == ["appended", "repeated"]
    found = refusal(lambda: segments(call, final(), final(text="bye")))
    assert found == ("final", "segments[1].segment_id")


def test_interim_text_after_the_final_is_refused(call: Call) -> None:
    found = refusal(lambda: segments(call, final(), interim(revision=5)))
    assert found == ("final", "segments[1].final")
    lands(call, segments(call, final())[0].draft)
    assert refusal(lambda: segments(call, interim())) == ("final", "segments[0].final")


def test_interim_text_is_ordered_by_its_revision(call: Call) -> None:
    known = {"s1": segments(call, interim(revision=3))[0].update}
    decided = lambda one: decide.segments(call, [one], known, NOW, GRACE)  # noqa: E731
    assert decided(interim(revision=4))[0].outcome == "published"
    assert decided(interim(revision=3))[0].outcome == "repeated"
    for late in (interim(revision=2), interim(revision=3, text="other")):
        assert refusal(lambda late=late: decided(late)) == (
            "stale_revision",
            "segments[0].revision",
        )
    assert decided(final())[0].outcome == "appended", "a final wins over any revision"


def test_revisions_are_ordered_within_a_batch_too(call: Call) -> None:
    with pytest.raises(StaleRevision) as refused:
        segments(call, interim(revision=2), interim(revision=1))
    assert refused.value.field == "segments[1].revision"


def test_finals_are_taken_until_the_grace_is_over(ended: Call) -> None:
    assert segments(ended, final(), now_s=NOW + GRACE)[0].outcome == "appended"
    with pytest.raises(CallEnded):
        segments(ended, final(), now_s=NOW + GRACE + 1)


# --- verdicts, dismissals, suggestions ----------------------------------------------------


def test_a_verdict_is_for_a_document_that_was_suggested(suggested: Call) -> None:
    command = wire.DocFeedback("d1", True, KEY.call_id)
    event: Any = decide.verdict(suggested, "ann", command, "f1").event
    assert (event.doc_id, event.agent_id, event.helpful, event.feedback_id) == (
        "d1",
        "ann",
        True,
        "f1",
    )
    unknown = wire.DocFeedback("d9", True, KEY.call_id)
    assert refusal(lambda: decide.verdict(suggested, "ann", unknown, "f1")) == (
        "not_found",
        "doc_id",
    )


def test_the_same_feedback_id_with_another_content_has_another_digest(suggested: Call) -> None:
    told = {
        decide.verdict(suggested, "ann", wire.DocFeedback(doc_id, helpful, "c"), "f1").digest
        for doc_id in ("d1", "d2")
        for helpful in (True, False, None)
    }
    assert len(told) == 6


def test_a_verdict_may_still_be_given_after_the_end(suggested: Call) -> None:
    lands(suggested, change(suggested, status="ended"))
    decide.verdict(suggested, "ann", wire.DocFeedback("d1", None, "c"), "f1")


def test_a_dismissal_names_its_place_and_keeps_the_verdict(suggested: Call) -> None:
    lands(suggested, decide.verdict(suggested, "ann", wire.DocFeedback("d1", False, "c"), "f1"))
    event: Any = decide.dismissal(suggested, "ann", "d1", 0).event
    assert (event.dismissed, event.helpful) == (True, False)
    assert refusal(lambda: decide.dismissal(suggested, "ann", "d9", 2)) == (
        "not_found",
        "items[2].doc_id",
    )


def suggest(call: Call, *ids: str, summary: str = "") -> decide.Draft | None:
    documents = [wire.SuggestedDocument(one, one, "…", 0.5) for one in ids]
    return decide.suggestion(call, "s1", documents, summary, "none")


def test_a_suggestion_is_written_only_when_the_screen_would_change(call: Call) -> None:
    assert suggest(call) is None
    lands(call, suggest(call, "d1", "d2"))
    assert suggest(call, "d1", "d2") is None
    assert suggest(call, "d2", "d1") is not None, "the order is what is shown"
    assert suggest(call, "d1", "d2", summary="about") is not None
    assert suggest(call, summary="about") is None, "a thanks clears nothing"


def test_a_turn_without_documents_may_settle_what_the_call_is_about(call: Call) -> None:
    lands(call, suggest(call, "d1", "d2"))
    lands(call, decide.dismissal(call, "ann", "d1", 0))

    settled = decide.suggestion(call, "s2", [], "Customer asking about refunds", "title")

    assert settled is not None
    assert settled.event.summary == "Customer asking about refunds"  # type: ignore[union-attr]
    assert [shown.id for shown in settled.event.documents] == ["d2"]  # type: ignore[union-attr]
    lands(call, settled)
    assert decide.suggestion(call, "s3", [], "Customer asking about refunds", "title") is None
    assert decide.suggestion(call, "s3", [], "I want my money", "sentence") is None


def test_a_dismissed_document_is_never_suggested_again(call: Call) -> None:
    lands(call, suggest(call, "d1", "d2"))
    lands(call, decide.dismissal(call, "ann", "d1", 0))
    draft = suggest(call, "d1", "d3")
    assert draft is not None
    assert [document.id for document in draft.event.documents] == ["d3"]  # type: ignore[union-attr]


def test_a_document_that_exists_no_more_leaves_the_screen(call: Call) -> None:
    lands(call, decide.suggestion(call, "s1", [_card("d1"), _card("d2")], "about d1", "title"))
    assert decide.suggestion(call, "s2", [], "", "none", gone=("d3",)) is None

    without_last: Any = decide.suggestion(call, "s2", [], "bye", "sentence", gone=("d2",))
    assert [shown.id for shown in without_last.event.documents] == ["d1"]
    assert without_last.event.summary == "about d1"

    without_first: Any = decide.suggestion(call, "s2", [], "bye", "sentence", gone=("d1",))
    assert [shown.id for shown in without_first.event.documents] == ["d2"]
    assert without_first.event.summary == "bye", "a line that named it goes with it"


def test_a_card_whose_document_changed_is_shown_anew_with_the_list_that_stays(call: Call) -> None:
    lands(call, decide.suggestion(call, "s1", [_card("d1"), _card("d2")], "about d1", "title"))
    edited = wire.SuggestedDocument("d2", "d2", "50 euros", 0.5)
    elsewhere = wire.SuggestedDocument("d9", "d9", "50 euros", 0.5)

    def after(documents: list[Any], line: str, *changed: Any) -> Any:
        found = decide.suggestion(call, "s2", documents, line, "sentence", changed=changed)
        return found.event if found else None

    thanks, same = after([], "thanks", edited), after([_card("d1"), edited], "about d1", edited)

    assert [card.excerpt for card in thanks.documents] == ["…", "50 euros"]
    assert thanks.summary == same.summary == "about d1"
    assert [card.excerpt for card in same.documents] == ["…", "50 euros"]
    assert after([], "thanks", elsewhere) is None
    assert after([_card("d1"), _card("d2")], "about d1", elsewhere) is None


def test_a_line_that_names_a_title_goes_with_it(call: Call) -> None:
    lands(call, decide.suggestion(call, "s1", [_card("d1")], "Customer asking about d1", "title"))
    renamed = wire.SuggestedDocument("d1", "Fees", "…", 0.5)

    draft: Any = decide.suggestion(call, "s2", [], "bye", "sentence", changed=[renamed])

    assert draft.event.documents[0].title == "Fees"
    assert (draft.event.summary, draft.event.summary_kind) == ("bye", "sentence")


def _card(doc_id: str) -> wire.SuggestedDocument:
    return wire.SuggestedDocument(doc_id, doc_id, "…", 0.5)


def test_a_suggestion_for_the_longest_segment_id_has_an_id_that_is_one(call: Call) -> None:
    because = "s" * 128
    draft = decide.suggestion(call, because, [wire.SuggestedDocument("d", "d", "", 0)], "", "none")
    assert draft is not None
    msgspec.convert(draft.event.suggestion_id, wire.Id)  # type: ignore[union-attr]


# --- all of them --------------------------------------------------------------------------


@quick
@given(steps)
def test_deciding_twice_gives_the_same_and_leaves_the_call_as_it_was(drawn: list[Any]) -> None:
    call = fold(history(drawn))
    before = call.state()

    def everything() -> list[Any]:
        return [
            attempt(lambda: change(call, status="on_hold", agent_ids=["zoe"])),
            attempt(lambda: segments(call, final("s900"), interim("s901"), final("s1"))),
            attempt(lambda: decide.verdict(call, "ann", wire.DocFeedback("d1", True, "c"), "f1")),
            attempt(lambda: decide.dismissal(call, "ann", "d2", 0)),
            attempt(lambda: suggest(call, "d1", "d3", summary="about")),
        ]

    first = everything()
    for made in first:
        if isinstance(made, decide.Draft):
            decide.entry(made, "other", 999)  # numbering one draft must not reach another
    second = everything()
    assert [_content(made) for made in first] == [_content(made) for made in second]
    assert call.state() == before


def attempt(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (BadRequest, CallEnded, Final, NotFound, StaleRevision) as refused:
        return (refused.code, refused.field, refused.message)


def _content(made: Any) -> Any:
    """Without epoch and seq, which are the writer's."""
    if isinstance(made, decide.Draft):
        event = msgspec.to_builtins(made.event)
        return (
            made.key,
            made.digest,
            {k: v for k, v in event.items() if k not in ("epoch", "seq")},
        )
    return made
