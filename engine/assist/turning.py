"""How much the last turn weighs beside the last turns: more when a customer goes on.

Owns the words by which people go on to something else ("and what about", "one more thing",
"oh, and"). The turns before then hold the old subject, which drowned the new one: of the
demo's queries whose document is another than the query's before, a right one was first at .30
where it was .75 at the others (docs/quality.md). It ranks nothing, and knows English alone.
"""

from __future__ import annotations

import re

from engine.knowledge.languages import DEFAULT, primary

EVEN = 0.5
GOING_ON = 0.75  # with .8 nothing else changed, with .85 spoken-faq lost a query

_GOES_ON = re.compile(
    r"\b(?:what|how) about\b|\bby the way\b|\bsomething else\b|\bwhile i(?:'ve| have) got you\b"
    r"|\b(?:one|another|last|other) (?:more )?(?:thing|question|one)\b"
    r"|(?:^|[.?!] )(?:and|oh|now|also)\b",
    re.IGNORECASE,
)


def weight_of_turn(turn: str, language: str | None) -> float:
    """0..1, of the view of the last turn; the view of the last turns has the rest."""
    if primary(language) != DEFAULT:
        return EVEN
    return GOING_ON if _GOES_ON.search(turn.replace("\u2019", "'")) else EVEN
