"""A report for the owner of a knowledge base: best, worst, never shown, asked for but missing.

Owns how documents are compared and how questions that found nothing are grouped; words that one
caller alone said are never named. It counts what it is given, and neither reads a store nor judges
a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

from engine.knowledge.report_shapes import DocumentRow, KnowledgeReport, Missing, NeverShown
from engine.knowledge.terms import terms
from engine.showings import Unanswered
from engine.times import instant_at

MOST_ROWS = 20  # of best and of worst
MOST_NEVER_SHOWN = 200  # named; the others are counted
MOST_GROUPS = 50
FEWEST_CALLS = 2  # that asked for it and said its words: one caller's may be a name
GROUP_WORDS = 6  # that name a group
ALIKE = 0.5  # of the words of the shorter question, said in the group too
FEWEST_WORDS = 2  # a question with fewer content words asks for nothing
CONFIDENCE = 1.96  # 95 %


def report(
    titles: Mapping[str, str],
    tally: Mapping[str, tuple[int, int]],
    shown: Mapping[str, int],
    unanswered: Sequence[Unanswered],
) -> KnowledgeReport:
    """`titles`: of the documents there are; `tally`: (helpful, unhelpful) of those judged;
    `unanswered`: the newest first."""
    lacking = groups(unanswered)
    often = [group for group in lacking if group.named()]
    never = sorted(doc_id for doc_id in titles if not shown.get(doc_id))
    return KnowledgeReport(
        documents=len(titles),
        verdicts=sum(map(sum, tally.values())),
        shown=sum(shown.values()),
        best=_best(titles, tally, shown),
        worst=_worst(titles, tally, shown),
        never_shown=[NeverShown(one, titles[one]) for one in never[:MOST_NEVER_SHOWN]],
        never_shown_count=len(never),
        missing=[_row(group) for group in often[:MOST_GROUPS]],
        missing_count=len(often),
        missing_once=sum(group.questions for group in lacking if not group.named()),
    )


def _rows(
    titles: Mapping[str, str], tally: Mapping[str, tuple[int, int]], shown: Mapping[str, int]
) -> Iterable[tuple[DocumentRow, float, float]]:
    """Each judged document, with the least and the most its share may be."""
    for doc_id, (helpful, unhelpful) in tally.items():
        if doc_id in titles and helpful + unhelpful:
            least, most = bounds(helpful, helpful + unhelpful)
            count = shown.get(doc_id, 0)
            yield DocumentRow(doc_id, titles[doc_id], helpful, unhelpful, count, 0), least, most


def _best(
    titles: Mapping[str, str], tally: Mapping[str, tuple[int, int]], shown: Mapping[str, int]
) -> list[DocumentRow]:
    found = []
    for row, least, _ in _rows(titles, tally, shown):
        row.share = round(least, 3)
        if row.helpful > row.unhelpful:
            found.append(row)
    return sorted(found, key=lambda row: (-row.share, row.id))[:MOST_ROWS]


def _worst(
    titles: Mapping[str, str], tally: Mapping[str, tuple[int, int]], shown: Mapping[str, int]
) -> list[DocumentRow]:
    found = []
    for row, _, most in _rows(titles, tally, shown):
        row.share = round(most, 3)
        if row.unhelpful > row.helpful:
            found.append(row)
    return sorted(found, key=lambda row: (row.share, row.id))[:MOST_ROWS]


def bounds(successes: int, total: int) -> tuple[float, float]:
    """Wilson's interval of a share. (0, 1) of nothing."""
    if not total:
        return 0.0, 1.0
    share, z2 = successes / total, CONFIDENCE**2
    centre = share + z2 / (2 * total)
    spread = CONFIDENCE * sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, (centre - spread) / (1 + z2 / total)), min(
        1.0, (centre + spread) / (1 + z2 / total)
    )


# --- asked for but missing ----------------------------------------------------------------


class Group:
    """Questions that are alike. Judged by the words that most of them hold, so that a group
    does not drift with each question it takes in; a word is known by its stem."""

    def __init__(self, question: Unanswered) -> None:
        self.words: Counter[str] = Counter()
        self.by: dict[str, set[str]] = {}  # stem -> the calls that said it
        self.said: dict[str, str] = {}
        self.calls: set[str] = set()
        self.questions = 0
        self.last_at = question.at
        self.take(question)

    def take(self, question: Unanswered) -> None:
        stems = stems_of(question)
        self.words.update(dict.fromkeys(stems, 1))
        for stem, word in stems.items():
            self.said.setdefault(stem, word)
            self.by.setdefault(stem, set()).add(question.call_id)
        self.calls.add(question.call_id)
        self.questions += 1
        self.last_at = max(self.last_at, question.at)

    def core(self) -> set[str]:
        return {word for word, count in self.words.items() if 2 * count >= self.questions}

    def named(self) -> list[str]:
        """The words to know it by, the commonest first; none where no two calls share any."""
        core = self.core()
        common = [stem for stem, _ in self.words.most_common() if stem in core]
        shared = [stem for stem in common if len(self.by[stem]) >= FEWEST_CALLS]
        return [self.said[stem] for stem in shared[:GROUP_WORDS]]

    def likeness(self, words: set[str]) -> float:
        core = self.core()
        return len(words & core) / max(FEWEST_WORDS, min(len(words), len(core)))


def stems_of(question: Unanswered) -> dict[str, str]:
    """Stem -> word. In English where the word is: its language is not kept."""
    return {next(iter(terms(word)), word): word for word in question.words}


def groups(unanswered: Sequence[Unanswered]) -> list[Group]:
    """Of questions that are alike: those of most calls first, then the latest."""
    found: list[Group] = []
    for question in unanswered:
        stems = set(stems_of(question))
        if len(stems) < FEWEST_WORDS:
            continue
        best = max(found, key=lambda group: group.likeness(stems), default=None)
        if best is not None and best.likeness(stems) >= ALIKE:
            best.take(question)
        else:
            found.append(Group(question))
    return sorted(found, key=lambda group: (-len(group.calls), -group.questions, -group.last_at))


def _row(group: Group) -> Missing:
    return Missing(group.named(), group.questions, len(group.calls), instant_at(group.last_at))
