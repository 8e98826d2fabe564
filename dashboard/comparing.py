"""Which parts of a table are lowest and highest, and whether that is more than chance. Uses only what the table shows.

How to tell that honestly where a table is told in bands, without counts or intervals:

- *Lowest* and *highest* are said of steps, which never overlap: 80–85 % is less than 85–90 %. Parts of one step are
  alike; they are named together, and nothing is said of their order.
- A difference is *clear* only if it would be for every count that the bands and steps allow. The least favourable ones
  are the fewest ratings of both bands, the upper end of the lower step and the lower end of the higher one: with more
  ratings, or shares farther apart, the interval only moves away from zero. So it follows from what is shown, and tells
  nothing more. Where counts are shown, they are used.
- Whoever looks at thirty hours finds one that was bad by chance. The interval of a difference (Newcombe, as everywhere)
  is therefore as wide as Bonferroni asks for: among all pairs of a table, with 95 % not one is called clear by chance.
- What is several things together, or nothing that a visitor chose (`other`, `unknown`, `skipped`), is not compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from dashboard.disclosure import Part
from dashboard.statistics import wilson
from ratings.scale import Score
from ratings.table import OTHER, SKIPPED, UNKNOWN

NOT_COMPARED = {OTHER, UNKNOWN, SKIPPED}


@dataclass(frozen=True, slots=True)
class Difference:
    """Parts of a table with the lowest share, and parts with the highest."""

    low: tuple[Part, ...]
    high: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """`extremes`: of all parts, clear or not; None where all are alike. `clear`: the lowest and highest that are."""

    extremes: Difference | None
    clear: Difference | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Between which shares (0–1) a part lies, and how far the interval reaches beyond either."""

    part: Part
    least: float
    most: float
    below: float
    above: float


def compare(parts: Iterable[Part]) -> Compared | None:
    """What may be said of the shares of a table's parts; None where there are not two to compare."""
    compared = [part for part in parts if part.key not in NOT_COMPARED]
    if len(compared) < 2:
        return None
    z = NormalDist().inv_cdf(1 - 0.05 / 2 / math.comb(len(compared), 2))
    known = sorted((_place(part, z) for part in compared), key=lambda each: (each.least, -each.part.n.low))
    lowest, highest = _alike(known, known[0]), _alike(known, known[-1])
    extremes = Difference(_parts(lowest), _parts(highest)) if known[0].least < known[-1].least else None
    return Compared(extremes, _clear(known))


def least(part: Part) -> float:
    """The smallest share (0–1) that a part can have: what parts are ordered by."""
    if part.counts is None:
        return part.satisfied.low / 100
    return (part.counts[Score.HAPPY] + part.counts[Score.VERY_HAPPY]) / sum(part.counts)


def _place(part: Part, z: float) -> _Place:
    n, low = (sum(part.counts) if part.counts else part.n.low), least(part)
    most = low if part.counts else part.satisfied.high / 100
    return _Place(part, low, most, low - wilson(low * n, n, z)[0], wilson(most * n, n, z)[1] - most)


def _clear(known: list[_Place]) -> Difference | None:
    """The lowest that are clearly lower than some other, and the highest that all of those are clearly lower than.

    `known`: the lowest first, and of those alike that of most ratings.
    """
    for low in known:
        if above := [each for each in known if _is_clear(low, each)]:
            highest = _alike(above, above[-1])
            lowest = [each for each in _alike(known, low) if all(_is_clear(each, high) for high in highest)]
            return Difference(_parts(lowest), _parts(highest))
    return None


def _is_clear(low: _Place, high: _Place) -> bool:
    """Whether the interval of `statistics.difference` excludes zero, of the least favourable counts."""
    return high.least - low.most - math.hypot(high.below, low.above) > 0


def _alike(among: list[_Place], one: _Place) -> list[_Place]:
    return [each for each in among if each.least == one.least]


def _parts(places: list[_Place]) -> tuple[Part, ...]:
    return tuple(each.part for each in places)
