"""What the words around a number say it is: "my card number is", "Ihre PIN, bitte".

Owns the cues. A cue is the nearest one before the number in its own line; else the nearest
after it; else what the lines before were about, when the number answers them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

AT_ONCE = 12  # characters between a number and a cue behind it
CUE_LINES = 4  # lines before in which a question may stand
# The names of groups are kinds; `keep` is of numbers that an agent needs to read.
_CUES = re.compile(
    r"""(?ix)\b(?:
    (?P<code>
        (?:one[- ]?time|verification|security|access|confirmation\s+text|authori[sz]ation|auth
          |sms|text(?:ed)?|login|six[- ]digit|four[- ]digit)\s+(?:pass)?(?:code|pin|number)s?
      | pass\s?codes? | otp | cvv2? | cvc2? | csc | t?pin(?:\s?(?:code|number))? | tan
      | (?:the|a|that|your|my|this)\s+codes?\s+
          (?:is|was|i|you|we|they|says|reads|for|on|from|at|please)
      | (?:(?:three|3)\s+(?:digits|numbers)|numbers?|digits)\s+on\s+the\s+back
      | best(?:ä|ae)tigungscode | sicherheitscode | pr(?:ü|ue)fnummer | einmal(?:code|passwort)
      | code\s+(?:de\s+)?(?:s[ée]curit[ée]|v[ée]rification) | c[óo]digo | mot\s+de\s+passe )
  | (?P<card>
        (?:credit|debit|bank|visa|master|amex|payment|long|gift)?\s?-?card(?:'s)?
          (?:\s+(?:number|details|no))? (?!\s+(?:reader|holder|game))
      | long\s+number | visa | master\s?card | amex | american\s+express
      | expir(?:y|es|ation)(?:\s+date)? | (?:kredit)?kartennummer | kreditkarte
      | carte\s+(?:bancaire|bleue|de\s+cr[ée]dit) | tarjeta )
  | (?P<national_id>
        social(?:\s+security)?(?:\s+number)? | ssn | national\s+insurance(?:\s+number)?
      | ni\s+number | nino | passport(?:\s+number)? | driver'?s\s+licen[cs]e | tax\s+id
      | (?:steuer|sozialversicherungs|ausweis|personalausweis)-?(?:id|nummer)
      | num[ée]ro\s+de\s+s[ée]curit[ée]\s+sociale | dni | nie | codice\s+fiscale | bsn )
  | (?P<phone>
        (?:tele)?phone(?:\s+number)? | mobile(?:\s+number)? | cell(?:phone)?(?:\s+number)?
      | (?:home|work|contact|callback|whatsapp|landline)\s+number | landline
      | (?:call|ring|reach|text|phone)\s+(?:me|us|you|him|her|them)(?:\s+back)?(?:\s+(?:at|on))?
      | best\s+number | number\s+(?:to|you\s+can)\s+(?:call|reach|ring)
      | telefon(?:nummer)? | handy(?:nummer)? | rufnummer | t[ée]l[ée]phone | portable
      | tel[ée]fono | m[óo]vil )
  | (?P<iban> iban | kontonummer )
  | (?P<keep>
        (?:order|account|reference|ref|booking|reservation|invoice|ticket|case|customer|tracking
          |policy|claim|serial|model|part|item|product|flight|confirmation|meter|contract|bill
          |router|error|room|house|street|postal|zip|post|area|promo|discount|voucher|coupon
          |article|version|order's)
          \s?(?:number|no\.?|id|code|\#)?
      | zip | postcode | year | date(?:\s+of\s+birth)? | born | dollars? | euros? | pounds? | cents?
      | percent | minutes? | hours? | degrees | miles? | kilomet(?:er|re)s?
      | (?:bestell|kunden|rechnungs|auftrags|vertrags|sendungs|artikel)-?nummer | postleitzahl
      | (?:num[ée]ro|n°)\s+de\s+(?:commande|client|dossier) | (?:n[úu]mero\s+de\s+)?pedido )
    )\b"""
)


class Line(NamedTuple):
    """A line of the call as it is kept: redacted already."""

    speaker: str
    text: str


class Cue(NamedTuple):
    kind: str
    start: int
    end: int


def find_cues(text: str) -> list[Cue]:
    """In order of place."""
    return [
        Cue(found.lastgroup, found.start(), found.end())
        for found in _CUES.finditer(text)
        if found.lastgroup is not None
    ]


def cue_of(cues: Sequence[Cue], start: int, end: int, floor: int) -> str | None:
    """Of the number at start..end: the nearest cue that ends before it and lies behind
    `floor` (where the number before ended), else one that follows at once ("… is my PIN")."""
    before = [cue for cue in cues if cue.end <= start and cue.start >= floor]
    if before:
        return before[-1].kind
    after = [cue for cue in cues if end <= cue.start <= end + AT_ONCE]
    return after[0].kind if after else None


def asked_for(before: Sequence[Line]) -> str | None:
    """What the lines before are about: their last cue."""
    for line in reversed(before[-CUE_LINES:]):
        cues = find_cues(line.text)
        if cues:
            return cues[-1].kind
    return None
