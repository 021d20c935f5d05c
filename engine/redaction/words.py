"""Numbers as people speak them, in English, German, French and Spanish.

Owns the words for digits and the little words between them. Knows nothing of runs. Only words
that stand for themselves when a number is dictated are here: "forty two" is 42, "four two" is
42 too, and "a hundred" is a quantity that nobody dictates.
"""

from __future__ import annotations

_UNITS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
}
DIGITS: dict[str, str] = {
    word: str(digit) for words in _UNITS.values() for digit, word in enumerate(words.split())
}
DIGITS |= {"oh": "0", "o": "0", "zwo": "2", "ein": "1", "fuenf": "5", "nought": "0", "niner": "9"}

_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TEENS = {word: str(number) for number, word in enumerate(_TEENS.split(), start=10)}
TENS = {word: str(number) for number, word in enumerate(_TENS.split(), start=2)}
# How often the digit that follows is meant.
REPEATS = {"double": 2, "triple": 3, "doppel": 2, "doble": 2}
# Said between the digits of one number; they end no run when digits follow.
_FILLERS = (
    "uh um er erm ah hmm and then dash hyphen space comma so okay ok yeah yes slash "
    "äh ähm und dann euh et puis este y luego"
)
FILLERS = frozenset(_FILLERS.split())
NUMBER_WORDS = frozenset(DIGITS) | frozenset(TEENS) | frozenset(TENS)
