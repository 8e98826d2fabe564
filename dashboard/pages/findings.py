"""What stands out in a table by language, hour or reason, in sentences; and how its figures are written in them.

What may be said is `comparing.py`'s to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.comparing import NOT_COMPARED, Compared, Difference, least
from dashboard.disclosure import Part
from dashboard.language import Words
from dashboard.statistics import Share, share
from ratings.scale import Counts, Score

NAMED = 3
"""More than so many in one sentence are counted instead."""


@dataclass(frozen=True, slots=True)
class SliceWords:
    """What differs between the pages by language, by hour and by reason.

    `title`: the heading with the months in it, for files. `name`: what a key is called.
    """

    heading: str
    title: Callable[[str], str]
    column: str
    alike: Callable[[str], str]
    unclear: str
    several: Callable[[int], str]
    pooled: str
    name: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands out, in sentences: `said` at once, `more` beside it."""

    said: str
    more: str = ""


def share_of(counts: Counts) -> Share:
    """The satisfied share of counts that are shown."""
    found = share(counts[Score.HAPPY] + counts[Score.VERY_HAPPY], sum(counts))
    assert found is not None  # A part has ratings.
    return found


def share_text(say: Words, part: Part) -> str:
    """The satisfied share, exactly or as a step."""
    return say.percent(share_of(part.counts).percent) if part.counts else say.step(part.satisfied)


def n_text(say: Words, part: Part) -> str:
    """The number of ratings, exactly or as a band."""
    return say("%(n)s ratings", n=say.number(sum(part.counts)) if part.counts else say.band(part.n))


def finding(say: Words, words: SliceWords, parts: Sequence[Part], compared: Compared) -> Finding:
    """The lowest and the highest where that is clear; where it is not, that it is not, and what can be chance.

    `parts`: those that were compared and the others, in the order in which several are named.
    """
    extremes, clear = compared.extremes, compared.clear
    if extremes is None:
        return Finding(words.alike(share_text(say, next(part for part in parts if part.key not in NOT_COMPARED))))

    def both(of: Difference) -> str:
        return say(
            "Lowest: %(low)s, %(low_share)s satisfied. Highest: %(high)s, %(high_share)s.",
            low=named(of.low),
            low_share=share_text(say, of.low[0]),
            high=named(of.high),
            high_share=share_text(say, of.high[0]),
        )

    def named(some: Sequence[Part]) -> str:
        if len(some) > NAMED:
            return words.several(len(some))
        return say.together([words.name(part.key) for part in parts if part in some])

    if clear is None:
        chance = say("That can be chance.")
        return Finding(words.unclear, f"{both(extremes)} {chance}")
    more = []
    if least(extremes.low[0]) < least(clear.low[0]):
        more.append(
            say(
                "Lower still, but that can be chance: %(names)s, %(share)s.",
                names=named(extremes.low),
                share=share_text(say, extremes.low[0]),
            )
        )
    if least(extremes.high[0]) > least(clear.high[0]):
        more.append(
            say(
                "Higher still, but that can be chance: %(names)s, %(share)s.",
                names=named(extremes.high),
                share=share_text(say, extremes.high[0]),
            )
        )
    return Finding(both(clear), " ".join([say("The difference is clear: chance would hardly make it."), *more]))
