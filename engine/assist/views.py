"""The views of a call that are embedded: its last turn, and its last turns.

Owns which words of a call meaning is looked for with. A turn is what one speaker says until
the other speaks. Measured on six corpora: the last turn has the question and the last five
have its subject; each alone is worse than words, and views between them (two turns, four
customer lines, lines weighted by age) add nothing to these two.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.assist.view import CallExcerpt, CallLine

TURNS = 5
MOST_WORDS = 75  # of a view, the last ones; with 150 no corpus got better, each took longer


def views(excerpt: CallExcerpt) -> tuple[str, str]:
    """(the customer's last turn, the last TURNS turns of both); '' where there is none."""
    turn = " ".join(line.text for line in excerpt.customer_turn())
    return _tail(turn), _tail(" ".join(_turns(excerpt.lines)[-TURNS:]))


def _turns(lines: Sequence[CallLine]) -> list[str]:
    turns: list[str] = []
    speaker = ""
    for line in lines:
        if line.speaker == speaker:
            turns[-1] = f"{turns[-1]} {line.text}"
        else:
            turns.append(line.text)
            speaker = line.speaker
    return turns


def _tail(text: str) -> str:
    return " ".join(text.split()[-MOST_WORDS:])
