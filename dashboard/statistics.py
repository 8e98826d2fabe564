"""Percentages and what they rest on: shares with 95 % Wilson intervals, and when a difference is a change.

Counts go in, numbers come out. Knows nothing of stores, months, pages or what may be shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ratings.scale import Counts, Score

Z = 1.959963984540054
"""The 97.5 % point of the standard normal distribution: two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """`k` of `n`: the percentage and its interval, all 0–100 and not rounded."""

    percent: float
    low: float
    high: float
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some counts. A share is None where there are no ratings, or too few, for its own base."""

    counts: Counts
    satisfied: Share | None
    very_satisfied: Share | None
    very_satisfied_of_satisfied: Share | None

    @property
    def n(self) -> int:
        """All ratings: the base of the first two shares."""
        return sum(self.counts)

    @property
    def satisfied_n(self) -> int:
        """Happy and very happy ratings: the base of the third share."""
        return self.counts[Score.HAPPY] + self.counts[Score.VERY_HAPPY]

    @property
    def distribution(self) -> tuple[Share | None, ...]:
        """Each answer's share of all, indexed by `Score`."""
        if self.satisfied is None:
            return (None,) * len(self.counts)
        return tuple(share(count, self.n) for count in self.counts)


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of two shares in percentage points, with its 95 % interval (-100 to 100)."""

    points: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes zero: only then it is called a change."""
        return self.low > 0 or self.high < 0


def figures(counts: Counts, least: int = 1) -> Figures:
    """The three shares that "97 %, of whom 93 %" can mean. A base below `least` ratings gives None, never 0 %.

    For a longer period give the sum of its counts: percentages are never averaged.
    """
    n = sum(counts)
    very = counts[Score.VERY_HAPPY]
    satisfied = counts[Score.HAPPY] + very
    return Figures(
        counts,
        share(satisfied, n, least),
        share(very, n, least),
        share(very, satisfied, least),
    )


def share(k: int, n: int, least: int = 1) -> Share | None:
    """`k` of `n` in percent with its Wilson interval; None where `n` is below `least`, and where there is nothing."""
    if n < max(1, least):
        return None
    low, high = wilson(k, n)
    return Share(100 * k / n, 100 * low, 100 * high, k, n)


def wilson(k: float, n: int, z: float = Z) -> tuple[float, float]:
    """The score interval of a proportion `k / n`, as proportions (0–1). Raises ValueError unless 0 ≤ k ≤ n, n ≥ 1.

    Source: Wilson (1927), J. Am. Stat. Assoc. 22: 209–212; Newcombe (1998), Statist. Med. 17: 857–872, method 3.
    """
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} is not a share")
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the interval begins or ends exactly there; floating point must not say otherwise.
    return (0.0 if k == 0 else max(0.0, centre - half)), (1.0 if k == n else min(1.0, centre + half))


def difference(k1: int, n1: int, k2: int, n2: int, z: float = Z) -> tuple[float, float]:
    """The interval of the difference `k1 / n1 - k2 / n2` of two independent proportions (-1 to 1).

    A change is called one only where this excludes zero. Source: Newcombe (1998), Statist. Med. 17: 873–890, method 10.
    """
    p1, p2 = k1 / n1, k2 / n2
    low1, high1 = wilson(k1, n1, z)
    low2, high2 = wilson(k2, n2, z)
    return (
        p1 - p2 - math.hypot(p1 - low1, high2 - p2),
        p1 - p2 + math.hypot(high1 - p1, p2 - low2),
    )


def change(before: Share, after: Share) -> Change:
    """How a share changed, in percentage points, with the interval of `difference`."""
    low, high = difference(after.k, after.n, before.k, before.n)
    return Change(after.percent - before.percent, 100 * low, 100 * high)
