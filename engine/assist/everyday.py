"""Everyday English: the words a summary may hold though no document does.

Owns the lists: what people say whatever they ask about, what a part of a sentence does not
begin or end with, and the words that are numbers.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBERS = _words(
    """
    zero oh nought one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty
    seventy eighty ninety hundred thousand million double triple first second third fourth
    fifth sixth seventh eighth ninth tenth
    """
)
# These are numbers only beside another one: "a new one", "oh I see", "the second box".
SOMETIMES = _words("oh one double triple first second third")
MONTHS = _words(
    """
    january february march april june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday
    """
)
EVERYDAY = _words(
    """
    able about account actually add added again ago almost already also always another answer
    anything apply ask asked asking available away back bad because been before being believe
    best better between big bill bit book booked bought box break bring broken brought buy
    buying call called came cancel cannot cant card care change changed charge charged cheap
    check come coming complain complaint computer contact correct cost could couldn couple
    customer date day days deal delay delivery did different directly does doesn doing done
    down due during early else email end enough error even ever every everything exactly
    expect expensive explain extra far fast few fill find fine fix follow forget forgot form
    found free friend full gave get gets getting give given go goes going gone good got great
    had half happen happened happening hard has have having hear heard help helped high hold
    home hope hour hours house how idea important information instead interested issue item
    items job just keep keeps kind know last late later leave left less let letter life like
    likely line link list little live living log login long longer look looked looking looks
    lose lost lot low made mail main make makes making many may maybe mean message might
    minute minutes money month monthly months more morning most move moved moving much must
    need needed needs never new next nice night nothing notice now number off offer office
    often old online only open option order ordered other our out over own paid paper part
    particular pay paying payment people person phone pick place plan please point possible
    probably problem problems process put question questions quick quickly quite rather reach
    read ready real really reason receive received recent recently refund regarding remember
    replace report request return returned right run said same saw say says see seem seems
    seen send sent service set several shop should show side sign simple since site small some
    somebody someone something soon sorry sort speak stand start started stay still stop
    stopped store stuck sure switch system take taken takes taking talk tell thing things
    think though thought through till time times today together told tomorrow tonight took top
    total tried trouble true try trying turn twice type under understand until update upset
    use used using usual usually very visit wait waiting want wanted wants was wasn way
    website week weekend weeks well went were weren what whatever when where whether which
    while whole why will with within without won wonder wondering word work worked working
    works worth would wouldn write wrong year years yesterday yet
    """
)
LOOSE = _words(
    """
    and or but so because that which who if then than as is are was were be am a an the my
    your his her our their of to for from with by at in on about it's its i'm im this um uh er
    well like just yes no yeah okay ok hi hello hey oh please it
    """
)
# Said of anything. Rare in documents as some are, they tell of no subject and are not marked.
SAID_OF_ANYTHING = _words(
    """
    able actually all almost already also always any anything ask asked asking asks bad believe
    best better came come comes coming could do does done even ever every everybody everyone
    everything exactly expect find found gave get gets getting give given gives giving go goes
    going gone gonna good got great had happen happened happening happens has have help helped
    helping how just keep keeps kept kind knew know known knows let lets like liked likely look
    looked looking looks lot made make makes making matter may maybe mean means might more most
    much must need needed needs never nobody not nothing often one ones ought people perhaps
    possible probably put puts quite rather ready real really reason right said same saw say
    saying says see seeing seem seems seen shall should so some somebody someone something
    somewhere soon sorry sort still such sure take taken takes taking talk talked talking tell
    telling tells thing things think thinking thinks thought told took tried tries try trying
    understand use used uses using usually very want wanted wanting wants way well went whatever
    whether will wish wonder would wrong yet
    """
)
BEGINS = LOOSE - _words("is are was were if my it the a an i'm im please about")
