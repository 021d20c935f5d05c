"""The vote memory: who may move a document, how far, and for what."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.knowledge.votes import ALIKE, DOUBT, LEAST, MINE, MOST, Vote, VoteMemory, packed

Vector = NDArray[np.float32]


def towards(cosine: float) -> Vector:
    """A vector of length 1 that has this cosine with (1, 0, 0)."""
    return np.array([cosine, np.sqrt(1 - cosine**2), 0], dtype=np.float32)


ASKED = towards(1.0)


def vote(
    doc_id: str = "d",
    agent: str = "ada",
    call: str = "c1",
    helpful: bool = True,
    like: float = 1.0,
    tenant: str = "t",
    model: str = "m",
) -> Vote:
    return Vote(tenant, doc_id, agent, call, model, packed(model, towards(like)).vector, helpful, 0)


@pytest.fixture
def memory() -> VoteMemory:
    return VoteMemory("m", 3)


def lift(memory: VoteMemory, doc_id: str = "d", tenant: str = "t") -> float:
    return memory.lifts(tenant, ASKED).get(doc_id, 0.0)


def test_one_vote_moves_a_document_part_of_the_way(memory: VoteMemory) -> None:
    memory.add(vote())
    memory.add(vote("bad", helpful=False))

    assert memory.lifts("t", ASKED) == pytest.approx(
        {"d": MOST / (1 + DOUBT), "bad": LEAST / (1 + DOUBT)}, rel=1e-3
    )


def test_a_vote_counts_by_how_alike_the_questions_are(memory: VoteMemory) -> None:
    memory.add(vote("half", like=(1 + ALIKE) / 2))
    memory.add(vote("none", like=ALIKE - 0.01))

    assert memory.lifts("t", ASKED) == pytest.approx({"half": MOST * 0.5 / (0.5 + DOUBT)}, rel=1e-2)


def test_an_agent_has_one_vote_on_a_document_in_a_call(memory: VoteMemory) -> None:
    for helpful in (True, True, False):
        memory.add(vote(helpful=helpful))

    assert memory.count("t") == 1
    assert lift(memory) == pytest.approx(LEAST / (1 + DOUBT), rel=1e-3)
    memory.add(vote(agent="bob"))
    memory.add(vote(call="c2"))
    assert memory.count("t") == 3


def test_a_vote_taken_back_leaves_nothing(memory: VoteMemory) -> None:
    memory.add(vote())

    assert memory.remove("t", "d", "ada", "c1")
    assert not memory.remove("t", "d", "ada", "c1")
    assert memory.lifts("t", ASKED) == {}


def test_erasing_a_call_takes_its_votes(memory: VoteMemory) -> None:
    memory.load([vote(), vote(agent="bob"), vote(call="c2")])

    assert memory.forget_call("t", "c1") == 2
    assert memory.count("t") == 1


def test_however_many_votes_move_no_document_further_than_the_bound(memory: VoteMemory) -> None:
    calls = [(f"a{number}", f"c{number}") for number in range(500)]
    memory.load([vote(agent=agent, call=call) for agent, call in calls])

    memory.load([vote("bad", agent, call, helpful=False) for agent, call in calls])

    assert MOST * 0.99 < lift(memory) < MOST
    assert LEAST < lift(memory, "bad") < LEAST * 0.99


def test_what_helped_is_divided_among_the_documents_it_was_said_of(memory: VoteMemory) -> None:
    memory.load([vote(agent=f"a{number}") for number in range(7)])
    alone = lift(memory)
    memory.load([vote("other", agent=f"a{number}") for number in range(7, 10)])

    assert lift(memory) == pytest.approx(MOST * 7 / (10 + DOUBT), rel=1e-3)
    assert lift(memory, "other") < lift(memory) / 2 < alone / 2


def test_conflicting_votes_on_one_document_move_it_less_than_agreeing_ones(
    memory: VoteMemory,
) -> None:
    memory.load([vote(agent=f"a{number}") for number in range(6)])
    agreed = lift(memory)
    memory.load([vote(agent=f"a{number}", helpful=False) for number in range(4)])

    assert 0 < lift(memory) < agreed / 2


def test_a_vote_of_another_model_takes_the_place_of_the_one_before(memory: VoteMemory) -> None:
    memory.add(vote())

    assert not memory.add(vote(model="newer", helpful=False))
    assert memory.count("t") == 0


def test_tenants_learn_apart(memory: VoteMemory) -> None:
    memory.add(vote(tenant="other"))

    assert lift(memory) == 0
    assert lift(memory, tenant="other") > 0


def test_votes_of_another_model_count_for_nothing(memory: VoteMemory) -> None:
    long = Vote("t", "d", "ada", "c1", "m", packed("m", np.ones(5, np.float32)).vector, True, 0)

    assert memory.load([vote(model="older"), long]) == 0
    assert memory.count("t") == 0


def test_when_it_is_full_the_oldest_goes() -> None:
    memory = VoteMemory("m", 3, capacity=100)
    memory.load([vote(call=f"c{number}", doc_id=f"d{number}") for number in range(101)])

    assert memory.count("t") == 100
    assert lift(memory, "d0") == 0
    assert lift(memory, "d1") > 0
    assert lift(memory, "d100") > 0


def test_a_vote_given_anew_is_young_again() -> None:
    memory = VoteMemory("m", 3, capacity=2)
    memory.load([vote(call="c1"), vote(call="c2"), vote(call="c1"), vote(call="c3")])

    assert not memory.remove("t", "d", "ada", "c2")
    assert memory.remove("t", "d", "ada", "c1")


def test_one_eager_agent_has_no_more_than_a_few_votes_on_what_is_alike(memory: VoteMemory) -> None:
    memory.load([vote("mine", "eager", f"c{number}") for number in range(500)])
    alone = lift(memory, "mine")
    memory.load([vote("ours", f"a{number}", "c1") for number in range(6)])

    assert alone == pytest.approx(MOST * MINE / (MINE + DOUBT), rel=1e-3)
    assert lift(memory, "mine") == pytest.approx(MOST * MINE / (MINE + 6 + DOUBT), rel=1e-3)
    assert lift(memory, "ours") == pytest.approx(MOST * 6 / (MINE + 6 + DOUBT), rel=1e-3)


def test_an_agent_divides_their_influence_among_all_they_vote_on(memory: VoteMemory) -> None:
    memory.load([vote(f"d{number}", "eager", f"c{number}") for number in range(20)])

    lifts = memory.lifts("t", ASKED)
    assert sum(lifts.values()) == pytest.approx(MOST * MINE / (MINE + DOUBT), rel=1e-3)


def test_what_helped_once_and_may_not_be_shown_takes_no_share(memory: VoteMemory) -> None:
    memory.add(vote("here"))
    memory.load([vote("gone", f"a{number}") for number in range(9)])

    lifts = memory.lifts("t", ASKED, lambda doc_id: doc_id == "here")
    assert lifts == pytest.approx({"here": MOST / (1 + DOUBT)}, rel=1e-3)


def voted(agents: int, contrary: int, documents: int = 12) -> list[Vote]:
    """Of something else than ASKED: everybody on every document. Every other one is good, and
    some agents say the contrary."""
    return [
        vote(f"d{number}", f"a{agent}", "c", (number % 2 == 0) != (agent < contrary), like=0.0)
        for number in range(documents)
        for agent in range(agents)
    ]


def test_who_contradicts_everybody_counts_little_and_never_the_other_way(
    memory: VoteMemory,
) -> None:
    memory.load(voted(agents=6, contrary=1))
    memory.add(vote("fresh", "a0", "c"))
    memory.add(vote("known", "a5", "c"))

    lifts = memory.lifts("t", ASKED)
    assert 0 < lifts["fresh"] < lifts["known"] / 4


def test_who_agrees_as_others_do_counts_in_full(memory: VoteMemory) -> None:
    memory.load(voted(agents=6, contrary=1))
    memory.add(vote("known", "a5", "c"))
    memory.add(vote("newcomer", "new", "c"))

    assert 0 < lift(memory, "known") == lift(memory, "newcomer")


def test_votes_that_come_in_another_order_teach_the_same() -> None:
    draw = np.random.default_rng(20_250_101)
    votes = [
        vote(
            f"d{draw.integers(6)}",
            f"a{draw.integers(5)}",
            f"c{number}",
            bool(draw.random() < 0.6),
            like=float(draw.uniform(0.6, 1.0)),
        )
        for number in range(120)
    ]
    expected: dict[str, float] | None = None
    for _ in range(20):
        memory = VoteMemory("m", 3)
        order = draw.permutation(len(votes))
        memory.load(votes[at] for at in order)
        # What is taken back, and given anew, leaves no trace of the order either.
        for at in draw.choice(len(votes), 30, replace=False):
            one = votes[at]
            assert memory.remove("t", one.doc_id, one.agent_id, one.call_id)
            memory.add(one)
        lifts = dict(memory.lifts("t", ASKED))
        expected = expected or lifts
        assert lifts == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert expected
    assert len(expected) == 6
