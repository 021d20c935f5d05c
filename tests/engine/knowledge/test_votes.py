"""The vote memory: who may move a document, how far, and for what."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.knowledge.votes import ALIKE, DOUBT, LEAST, MOST, Vote, VoteMemory, packed

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
    memory.load([vote(call=f"c{number}") for number in range(500)])

    memory.load([vote("bad", call=f"c{number}", helpful=False) for number in range(500)])

    assert MOST * 0.99 < lift(memory) < MOST
    assert LEAST < lift(memory, "bad") < LEAST * 0.99


def test_what_helped_is_divided_among_the_documents_it_was_said_of(memory: VoteMemory) -> None:
    memory.load([vote(call=f"c{number}") for number in range(7)])
    alone = lift(memory)
    memory.load([vote("other", call=f"c{number}") for number in range(7, 10)])

    assert lift(memory) == pytest.approx(MOST * 7 / (10 + DOUBT), rel=1e-3)
    assert lift(memory, "other") < lift(memory) / 2 < alone / 2


def test_conflicting_votes_on_one_document_move_it_less_than_agreeing_ones(
    memory: VoteMemory,
) -> None:
    memory.load([vote(call=f"c{number}") for number in range(6)])
    agreed = lift(memory)
    memory.load([vote(call=f"c{number}", helpful=False) for number in range(4)])

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
