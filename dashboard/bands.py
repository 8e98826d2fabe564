"""How small tables are told: the number of ratings as a band, the satisfied share in steps of five points.

Exact figures only where all keys of a table are so large that a band would say no more. Knows no database and no words.
"""

from __future__ import annotations

from dataclasses import dataclass

from ratings.pooling import LEAST
from ratings.scale import Counts, Score

EXACT = 100
"""From so many ratings in each key on, a table is shown with its counts and intervals."""

EDGES = (LEAST, 10, 15, 20, 30, 50, EXACT)
STEP = 5


@dataclass(frozen=True, slots=True)
class Band:
    """From `low` to `high` ratings, both included; `high` is None for "and more"."""

    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """A share from `low` to below `high` percent.

    The ends are coded: "5 % or less" goes from 0 to 5, "95 % or more" from 95 to 100, both included.
    """

    low: int
    high: int


def bands(least: int) -> tuple[Band, ...]:
    """All bands that at least so many ratings can be told in."""
    return tuple(each for each in map(band, EDGES) if each.high is None or each.high >= least)


def band(n: int) -> Band:
    """The band of a number of ratings. Raises ValueError where it is too small to be shown at all."""
    if n < LEAST:
        raise ValueError(f"no band begins below {LEAST} ratings")
    number = max(place for place, edge in enumerate(EDGES) if edge <= n)
    return Band(EDGES[number], EDGES[number + 1] - 1 if number + 1 < len(EDGES) else None)


def step(counts: Counts) -> Step:
    """The step of the satisfied share of some ratings (at least one)."""
    return step_of(counts[Score.HAPPY] + counts[Score.VERY_HAPPY], sum(counts))


def step_of(k: int, n: int) -> Step:
    """The step of `k` of `n` (at least one)."""
    if 100 * k >= (100 - STEP) * n:
        return Step(100 - STEP, 100)
    if 100 * k <= STEP * n:
        return Step(0, STEP)
    low = 100 * k // n // STEP * STEP
    return Step(low, low + STEP)
