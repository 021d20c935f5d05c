"""The after-call summary by rules: reason, steps, outcome, follow-ups, out of what was said.

Owns the rules and their bounds. Every line of it is a document's title or a sentence that
somebody said, shortened: nothing is made up, so a wrong rule is dull, not false. It asks no
model and reads no log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.assist.material import CallMaterial
from engine.assist.query import distinct
from engine.assist.view import CallLine
from engine.knowledge.sentences import sentences, shortened
from engine.wire import CallSummary

MOST_CHARACTERS = 160
MOST_STEPS = 5
MOST_FOLLOW_UPS = 3
CLOSING_LINES = 6  # in which an outcome is looked for
FEWEST_TERMS = 2  # a sentence with fewer content words is no step

# What an agent says when they do something, or tell the customer to.
_STEP = re.compile(
    r"\b(?:i(?:'ve| have|'m| am)? (?:just )?(?:re)?(?:checked|checking|see|sent|sending|updated|"
    r"updating|issued|issuing|applied|cancell?ed|changed|changing|booked|ordered|opened|set|made|"
    r"added|removed|reset|extended|refunded|confirmed|verified|submitted|processed)|"
    r"(?:please |you can |you could |you need to |you have to |try to |let'?s )\w+|"
    r"i(?:'ll| will| can| am going to) \w+)",
    re.IGNORECASE,
)
# What is still to be done when the line is dead.
_FOLLOW_UP = re.compile(
    r"\b(?:call(?:ing)? (?:you|me|us)? ?back|get back to|follow(?:ing)? up|"
    r"(?:with)?in (?:the next )?(?:\w+ ){0,2}(?:minutes?|hours?|days?|weeks?)|"
    r"by (?:tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|the end of)|"
    r"(?:will|'ll) (?:send|mail|email|e-mail|call|contact|receive|be sent|get|arrive|look into)|"
    r"keep an eye|wait for)",
    re.IGNORECASE,
)
_SOLVED = re.compile(
    r"\b(?:that(?:'s| is| was)? (?:it|all|great|perfect|helpful|works?|worked|answers?)|"
    r"(?:it|this) (?:works|worked|is working)|perfect|great|wonderful|solved|"
    r"thank(?:s| you))\b",
    re.IGNORECASE,
)
_UNSOLVED = re.compile(
    r"\b(?:still (?:not|does ?n[o']?t|no)|does ?n[o']t (?:work|help)|not (?:happy|satisfied|"
    r"helpful)|speak to (?:a|your) (?:manager|supervisor)|ridiculous|unacceptable|never mind)\b",
    re.IGNORECASE,
)


def by_rules(material: CallMaterial, title_of: Callable[[str], str | None]) -> CallSummary:
    """`title_of`: the title of a document that may be gone."""
    return CallSummary(
        call_id=material.call_id,
        reason=_reason(material),
        steps=_steps(material, title_of),
        outcome=_outcome(material),
        follow_ups=_follow_ups(material.lines),
        source="rules",
        epoch="",
        seq=0,
    )


def _reason(material: CallMaterial) -> str:
    """The last summary line; else what the customer said first with some content."""
    if material.line:
        return material.line
    for sentence in _said(material.lines, "customer"):
        if len(distinct(sentence)) >= FEWEST_TERMS:
            return shortened(sentence, MOST_CHARACTERS)
    return ""


def _steps(material: CallMaterial, title_of: Callable[[str], str | None]) -> list[str]:
    """Documents that an agent found helpful, then what the agent said they did."""
    titles = (title_of(doc_id) for doc_id in material.helpful)
    found = [f"Used: {title}" for title in titles if title]
    found += [
        shortened(sentence, MOST_CHARACTERS)
        for sentence in _said(material.lines, "agent")
        if _STEP.search(sentence)
        and not _FOLLOW_UP.search(sentence)
        and not sentence.rstrip().endswith("?")
        and len(distinct(sentence)) >= FEWEST_TERMS
    ]
    return list(dict.fromkeys(found))[:MOST_STEPS]


def _outcome(material: CallMaterial) -> str:
    if material.end == "abandoned":
        return "The call was abandoned"
    if material.end == "privacy":
        return "The call was ended for privacy"
    for sentence in reversed(list(_said(material.lines[-CLOSING_LINES:], "customer"))):
        if _UNSOLVED.search(sentence):
            return "The customer was not satisfied"
        if _SOLVED.search(sentence):
            return "The customer was content at the end"
    return ""


def _follow_ups(lines: Sequence[CallLine]) -> list[str]:
    """What the agent promised, the latest first kept."""
    found = [
        shortened(sentence, MOST_CHARACTERS)
        for sentence in _said(lines, "agent")
        if _FOLLOW_UP.search(sentence) and not sentence.rstrip().endswith("?")
    ]
    return list(dict.fromkeys(found))[-MOST_FOLLOW_UPS:]


def _said(lines: Iterable[CallLine], speaker: str) -> Iterator[str]:
    for line in lines:
        if line.speaker == speaker:
            yield from sentences(line.text)
