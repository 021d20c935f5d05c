"""What the words around a number say it is: "my card number is", "Ihre PIN, bitte".

Owns the cues. A cue is the nearest one before the number in its own line; else the nearest
after it; else what the lines before were about, when the number answers them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

Kinds = tuple[str, ...]  # the likeliest first
AT_ONCE = 12  # characters between a number and a cue behind it
MOST_CUES = 8  # that one number is judged by
CUE_LINES = 6  # lines before in which a question may stand
# The names of groups are kinds; `keep` is of numbers that an agent needs to read, `expiry` of the
# month in which a card ends. All in lower case: without (?i) most branches are passed over by their
# first letter, and a line costs a third.
_CUES = re.compile(
    r"""(?x)\b(?:
    (?P<keep>
        (?:order|account|reference|ref|booking|reservation|invoice|ticket|case|customer|tracking
          |policy|claim|serial|model|part|item|product|flight|confirmation|meter|contract|bill
          |router|error|room|house|street|postal|zip|post|promo|discount|voucher|coupon
          |article|version|order's|country|sort|dress|qr|source|membership|loyalty|port|channel)
          \s?(?:number|no\.?|id|code|\#)?
      | zip | postcode | year | date(?:\s+of\s+birth)? | born | dollars? | euros? | pounds? | cents?
      | percent | minutes? | hours? | degrees | miles? | kilomet(?:er|re)s?
      | end(?:s|ing)(?:\s+(?:in|with|on))? | endziffern? | qui\s+finit\s+par | que\s+termina\s+en
      | last\s+(?:four|4)(?:\s+digits)?\s+(?:of|on)\s+(?:the|my|your)\s+card
      | (?:bestell|kunden|rechnungs|auftrags|vertrags|sendungs|artikel|vorgangs)-?nummer
      | postleitzahl | plz | z[äa]hlerstand | fehlercode
      | (?:num[ée]ro|n°)\s+de\s+(?:commande|client|dossier|facture|suivi) | code\s+(?:postal|promo)
      | commande | facture | c[óo]digo\s+postal | (?:n[úu]mero\s+de\s+)?(?:pedido|cliente|caso)
      | factura | lectura )
  | (?P<code>
        (?:one[- ]?time|verification|security|access|authori[sz]ation|auth|sms|text(?:ed)?|login
          |memorable|two[- ]factor|(?:six|four|three|[346])[- ]digit)
          \s+(?:pass)?(?:code|pin|number)s?
      | pass\s?codes? | otp | cv[vc]2? | csc | t?pin(?:\s?(?:code|number))? | tan
      | (?<!area\s)codes?
      | (?:three|3)\s+(?:digits|numbers) | (?:numbers?|digits)\s+on\s+the\s+back | signature\s+strip
      | best(?:ä|ae)tigungscode | sicherheitscode | einmal(?:code|passwort)
      | (?:karten)?pr(?:ü|ue)f(?:nummer|ziffer) | geheimzahl
      | cryptogramme | c[óo]digos? | clave | mot\s+de\s+passe )
  | (?P<expiry>
        exp(?:ir(?:y|es?|ed|ing|ation))?(?:\s+date)? | valid\s+(?:until|thru|through|to)
      | g[üu]ltig\s+bis | ablaufdatum | date\s+d'expiration | caduca | caducidad )
  | (?P<card>
        (?:credit|debit|bank|visa|master|amex|payment|long|gift)?\s?-?card(?:'s)?
          (?:\s+(?:number|details|no))? (?!\s+(?:reader|holder|game))
      | long\s+number | visa | master\s?card | amex | american\s+express
      | (?:sixteen|16)[- ](?:digits?|numbers?)
      | (?:kredit)?karten?(?:nummer)? | kreditkarte | carte(?:\s+(?:bancaire|bleue|de\s+cr[ée]dit))?
      | tarjeta )
  | (?P<national_id>
        social(?!\s+media)(?:\s+security)?(?:\s+number)? | ssn | national\s+insurance(?:\s+number)?
      | ni\s+number | nino | passport(?:\s+number)? | driv(?:er'?s|ing)\s+licen[cs]e | tax\s+id
      | nhs(?:\s+number)?
      | (?:steuer|sozialversicherungs|ausweis|personalausweis)-?\s?
          (?:id(?:entifikationsnummer)?|nummer)
      | s[ée]cu(?:rit[ée]\s+sociale)? | dni | (?:mi|su|el|tu)\s+nie | codice\s+fiscale | bsn
      | pasaporte | reisepass )
  | (?P<phone>
        area\s+code | (?:tele)?phone(?:\s+number)? | mobile(?:\s+number)?
      | cell(?:phone)?(?:\s+number)?
      | (?:home|work|contact|callback|whatsapp|landline)\s+number | landline
      | (?:call|ring|reach|text|phone)\s+(?:me|us|you|him|her|them)(?:\s+back)?(?:\s+(?:at|on))?
      | best\s+number | number\s+(?:\w+\s+){0,3}(?:call|reach|ring)
      | (?:mobil)?telefon(?:nummer)? | handy(?:nummer)? | rufnummer | festnetz | erreich\w*
      | t[ée]l[ée]phone | portable | appeler | joindre | tel[ée]fono | m[óo]vil
      | ll[áa]me(?:n?me)? )
  | (?P<iban> iban | kontonummer )
  | (?P<email> e-?mail(?:\s?adresse|\s+address)? | mail | courriel | correo )
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
    lower = text.lower()
    if len(lower) != len(text):  # a few letters of Turkish and others: places would be off
        lower = text
    return [
        Cue(found.lastgroup, found.start(), found.end())
        for found in _CUES.finditer(lower)
        if found.lastgroup is not None
    ]


def cues_of(cues: Sequence[Cue], start: int, end: int, floor: int) -> Kinds:
    """Of the number at start..end: those that end before it and lie behind `floor` (where the
    number before ended), the nearest first; else one that follows at once ("… is my PIN")."""
    last = bisect_right(cues, start, key=attrgetter("end"))
    first = max(bisect_left(cues, floor, key=attrgetter("start")), last - MOST_CUES)
    if first < last:
        return _ranked([cue.kind for cue in cues[first:last]])
    behind = bisect_left(cues, end, key=attrgetter("start"))
    return tuple(cue.kind for cue in cues[behind : behind + 1] if cue.start <= end + AT_ONCE)


def asked_for(before: Sequence[Line]) -> Kinds:
    """What the lines before are about: the cues of the last line that has any. Of a question
    ("the phone number on the account?") `keep` counts where it holds nothing else."""
    for line in reversed(before[-CUE_LINES:]):
        kinds = [cue.kind for cue in find_cues(line.text)]
        if kinds:
            return _ranked([kind for kind in kinds if kind != "keep"] or kinds)
    return ()


def _ranked(kinds: Sequence[str]) -> Kinds:
    """The last first, and nothing behind a `keep`."""
    ranked = tuple(dict.fromkeys(reversed(kinds)))
    return ranked[: ranked.index("keep") + 1] if "keep" in ranked else ranked
