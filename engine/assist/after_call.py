"""The after-call summary by rules: reason, steps, outcome, follow-ups, out of what was said.

Owns the rules and their bounds. Every line of it is a document's title or what somebody said,
shortened, without names and numbers (anonymous.py): nothing is made up, and what no rule is
sure of is left out. The rules are English; of a call in another language little more than the
reason is said. It asks no model and reads no log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.assist.anonymous import Rarity, spans, without_numbers
from engine.assist.material import CallMaterial
from engine.assist.query import distinct
from engine.assist.summary import summary
from engine.assist.view import CallLine
from engine.knowledge.sentences import sentences, shortened
from engine.wire import CallSummary

MOST_CHARACTERS = 160
MOST_STEPS = 5
MOST_FOLLOW_UPS = 3
OPENING_LINES = 12  # in which the reason is looked for
CLOSING_LINES = 6  # in which an outcome is looked for
FEWEST_TERMS = 2  # what has fewer content words is no step
FEWEST_WORDS = 4

_DID = (
    "activated|added|applied|arranged|asked|blocked|booked|cancell?ed|changed|checked|confirmed"
    "|credited|entered|escalated|extended|issued|logged|moved|noted|opened|ordered|posted|processed"
    "|put|raised|refunded|registered|removed|replaced|reported|reset|restarted|sent|set|submitted"
    "|switched|taken|took|transferred|turned|unlocked|updated|verified|waived"
)
_DO = (
    "activate|add|apply|arrange|block|book|cancel|change|credit|email|e-mail|escalate|extend"
    "|issue|log|move|note|open|order|post|process|put|raise|refund|register|remove|replace|report"
    "|reset|send|set|submit|switch|take|text|transfer|unlock|update|waive"
)
_A_LITTLE = r"(?: just| now| already| also)*"
# What an agent did, will do, or told the customer to do; not what they ask for or wish.
_STEP = re.compile(
    rf"\bi(?:'ve| have)?{_A_LITTLE} (?:{_DID})\b"
    rf"|\bi(?:'ll| will| can|'m going to| am going to){_A_LITTLE} (?:{_DO})\b"
    r"|\b(?:please|you can|you could|you need to|you have to|you'll need to|try to)"
    r" (?!be|bear|confirm|give|have|hear|hold|let|only|provide|say|see|stay|tell|wait)[a-z]{2,}",
    re.IGNORECASE,
)
# What is still to be done when the line is dead.
_FOLLOW_UP = re.compile(
    r"\b(?:call|ring|phone)(?:ing)? (?:you|me|us) back\b"
    r"|\b(?:i|we|you|he|she|it|they|someone|somebody|(?:an?|the|our) \w+)(?:'ll| will)"
    r"(?: then| also)? (?:send|mail|email|e-mail|post|text|call|ring|phone|contact|receive|get"
    r"|arrive|come|hear|let you know|look into|follow up|get back"
    r"|be (?:sent|posted|in touch|done))\b",
    re.IGNORECASE,
)
_BORDER = re.compile(r"[,;:]? (?:and|but|so|or|then|because) |[,;:] ")
_ASKS = re.compile(
    r"\b(?:what|which|when|where|who|how|(?:can|could|may|shall|do|did|have|would|are|is)"
    r" (?:i|you|there|it|that))\b",
    re.IGNORECASE,
)
_MANNERS = re.compile(
    r"\b(?:thank(?:s| you)|welcome|sorry|pleasure|anything else|bear with|one moment"
    r"|take your|get your|your (?:full )?name|have a (?:nice|good|great|lovely))\b",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\b(?:perfect|wonderful|brilliant|fantastic|excellent|solved|sorted"
    r"|(?:that|it|this)(?:'s| is| has)? (?:works?|worked|working|fixed|great|lovely)"
    r"|(?:very|so|really|most|been) helpful|great help|been a star)\b",
    re.IGNORECASE,
)
_THANKED = re.compile(r"\b(?:thank(?:s| you)|cheers)\b", re.IGNORECASE)
_UNSOLVED = re.compile(
    r"\b(?:still (?:not|is ?n[o']?t|does ?n[o']?t|no (?:luck|signal|answer|internet|refund))"
    r"|does ?n[o']t (?:work|help)|not (?:happy|satisfied|helpful|good enough)"
    r"|speak to (?:a|your) (?:manager|supervisor)|ridiculous|unacceptable|never mind|useless"
    r"|another (?:supplier|provider|company)|waste of (?:my )?time)\b",
    re.IGNORECASE,
)


def by_rules(
    material: CallMaterial, title_of: Callable[[str], str | None], rarity: Rarity = None
) -> CallSummary:
    """`title_of`: the title of a document that may be gone. `rarity`: as of anonymous.spans,
    None where there is no document."""
    return CallSummary(
        call_id=material.call_id,
        reason=material.line or summary(material.lines[:OPENING_LINES], "", rarity)[0],
        steps=_steps(material, title_of, rarity),
        outcome=_outcome(material),
        follow_ups=_unique(_said(material.lines, _FOLLOW_UP, rarity))[-MOST_FOLLOW_UPS:],
        source="rules",
        epoch="",
        seq=0,
    )


def _steps(
    material: CallMaterial, title_of: Callable[[str], str | None], rarity: Rarity
) -> list[str]:
    """Documents that an agent found helpful, then what the agent said they did."""
    titles = (without_numbers(title_of(doc_id) or "") for doc_id in material.helpful)
    used = [f"Used: {title}" for title in titles if title]
    told = (text for text in _said(material.lines, _STEP, rarity) if not _FOLLOW_UP.search(text))
    return _unique([*used, *told])[:MOST_STEPS]


def _outcome(material: CallMaterial) -> str:
    """What the customer said last about it. Thanks alone are manners, and said as such."""
    if material.end == "abandoned":
        return "The call was abandoned"
    if material.end == "privacy":
        return "The call was ended for privacy"
    closing = [line for line in material.lines[-CLOSING_LINES:] if line.speaker == "customer"]
    said = [sentence for line in closing for sentence in sentences(line.text)]
    for sentence in reversed(said):
        if _UNSOLVED.search(sentence):
            return "The customer was not satisfied"
        if _CONTENT.search(sentence):
            return "The customer was content at the end"
    thanked = any(_THANKED.search(sentence) for sentence in said)
    return "The customer ended with thanks" if thanked else ""


def _said(lines: Sequence[CallLine], rule: re.Pattern[str], rarity: Rarity) -> Iterator[str]:
    """What the agent said by a rule, from where it begins."""
    for line in lines:
        if line.speaker != "agent":
            continue
        for sentence in sentences(line.text.replace("\u2019", "'")):
            if rule.search(sentence) and not _passed_over(sentence):
                yield from _without_names(sentence, rule, rarity)


def _passed_over(sentence: str) -> bool:
    """A question, also where no mark says so; a condition; manners."""
    ended = sentence.rstrip()[-1:]
    asks = ended == "?" or (ended not in ".!…" and _ASKS.search(sentence) is not None)
    return asks or sentence.lower().startswith("if ") or _MANNERS.search(sentence) is not None


def _without_names(sentence: str, rule: re.Pattern[str], rarity: Rarity) -> Iterator[str]:
    """The first part that keeps the rule's words and enough behind them."""
    for part in spans(sentence, rarity):
        found = rule.search(part)
        text = part[found.start() :] if found else ""
        if not sentence.endswith(text):
            text = _to_a_border(text, rule)
        if len(text.split()) >= FEWEST_WORDS and len(distinct(text)) >= FEWEST_TERMS:
            yield shortened(text[0].upper() + text[1:], MOST_CHARACTERS)
            return


def _to_a_border(text: str, rule: re.Pattern[str]) -> str:
    """A part that was cut in its middle, up to the last clause that is whole; as it is where
    only one was begun."""
    borders = [found.start() for found in _BORDER.finditer(text)]
    for border in reversed(borders):
        head = text[:border]
        if len(head.split()) >= FEWEST_WORDS and rule.search(head):
            return head
    return text


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
