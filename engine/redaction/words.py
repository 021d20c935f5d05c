"""Numbers as people speak them, in English, German, French and Spanish.

Owns the words for digits and the little words between them. Knows nothing of runs. A number is
read as it is dictated: "forty two", "four two", "zweiundvierzig" and "quarante-deux" are 42, and
"nine hundred" is 900. Sums ("two thousand three hundred") are not: nobody dictates in them.
"""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
}
DIGITS: dict[str, str] = {
    word: str(digit) for words in _UNITS.values() for digit, word in enumerate(words.split())
}
_FRENCH_UNITS = {word: digit for digit, word in enumerate(_UNITS["fr"].split()) if digit}
DIGITS |= {"oh": "0", "o": "0", "zwo": "2", "ein": "1", "fuenf": "5", "nought": "0", "niner": "9"}

_TEENS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "dix onze douze treize quatorze quinze seize",
    "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
)
_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "vingt trente quarante cinquante soixante",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
)
TEENS = {
    word: str(number) for words in _TEENS for number, word in enumerate(words.split(), start=10)
}
TENS = {word: str(number) for words in _TENS for number, word in enumerate(words.split(), start=2)}
_GERMAN_FIRST = "ein zwei drei vier fünf sechs sieben acht neun"
_SPANISH_LAST = "uno dós trés cuatro cinco séis siete ocho nueve"
# Said as one word: "zweiundvierzig", "veintidós".
TEENS |= {
    f"{unit}und{tens}": f"{ten}{digit}"
    for digit, unit in enumerate(_GERMAN_FIRST.split(), start=1)
    for ten, tens in enumerate(_TENS[1].split(), start=2)
}
TEENS |= {f"veinti{unit}": f"2{digit}" for digit, unit in enumerate(_SPANISH_LAST.split(), start=1)}
# Hundreds as one word: "seiscientos".
_HUNDREDS = "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos"
TEENS |= {word: f"{number}00" for number, word in enumerate(_HUNDREDS.split(), start=2)}
TEENS["novecientos"] = "900"
_MAGNITUDES = {"hundred": "00", "thousand": "000", "hundert": "00", "cent": "00", "mil": "000"}
_FRENCH_TEENS = {word: number for number, word in enumerate(_TEENS[2].split(), start=10)}
_FRENCH_TENS = frozenset(_TENS[2].split())
_FRENCH = frozenset(_FRENCH_UNITS) | frozenset(_FRENCH_TEENS) | _FRENCH_TENS
_BETWEEN = frozenset(("et", "y"))  # between tens and units
# How often the digit that follows is meant.
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4, "doppel": 2, "doble": 2}
# Said between the digits of one number; they end no run when digits follow.
_FILLERS = (
    "uh um er erm ah hmm and then dash hyphen slash stroke space comma so okay ok yeah yes "
    "no sorry wait "
    "äh ähm und dann euh et puis este y luego"
)
FILLERS = frozenset(_FILLERS.split())
NUMBER_WORDS = frozenset(DIGITS) | frozenset(TEENS) | frozenset(TENS)


def read_number(words: Sequence[str], at: int) -> tuple[str, int]:
    """(digits, how many words they take) of the number that begins at `words[at]`, all of them
    in lower case; ("", 1) where none does."""
    word = words[at]
    after = words[at + 1] if at + 1 < len(words) else ""
    if word in REPEATS:
        digit = DIGITS.get(after, after if len(after) == 1 and after.isdecimal() else "")
        return (digit * REPEATS[word], 2) if digit else ("", 1)
    if word in _FRENCH_TENS or (word == "quatre" and after in ("vingt", "vingts")):
        return _french_tens(words, at)
    if word == "dix" and _FRENCH_UNITS.get(after, 0) >= 7:
        return f"1{_FRENCH_UNITS[after]}", 2
    if word == "cent" and after in _FRENCH:
        return "100", 1
    if word in TENS:
        used = 2 if after in _BETWEEN else 1
        unit = DIGITS.get(words[at + used] if at + used < len(words) else "", "0")
        return (TENS[word] + unit, used + 1) if unit != "0" else (TENS[word] + "0", 1)
    said = DIGITS.get(word) or TEENS.get(word, "")
    if said and after in _MAGNITUDES and (after != "cent" or word in _FRENCH):
        return said + _MAGNITUDES[after], 2
    return said, 1


def _french_tens(words: Sequence[str], at: int) -> tuple[str, int]:
    """ "soixante-dix-huit" is 78, "quatre-vingt-douze" 92, "cinquante et un" 51."""
    used = 2 if words[at] == "quatre" else 1
    value = 80 if used == 2 else 10 * int(TENS[words[at]])
    rest = [*words[at + used : at + used + 3], "", "", ""]
    if rest[0] == "et" and rest[1] in ("un", "onze"):
        used, rest = used + 1, rest[1:]
    if value in (60, 80) and rest[0] in _FRENCH_TEENS:
        value, used = value + _FRENCH_TEENS[rest[0]], used + 1
        if rest[0] == "dix" and _FRENCH_UNITS.get(rest[1], 0) >= 7:
            value, used = value + _FRENCH_UNITS[rest[1]], used + 1
    elif rest[0] in _FRENCH_UNITS:
        value, used = value + _FRENCH_UNITS[rest[0]], used + 1
    return str(value), used
