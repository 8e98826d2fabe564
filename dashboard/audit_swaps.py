"""Changes that nobody could notice: ratings moved between hidden cells so that every figure stays as it is.

Cells in the same figures and balances are one class, within which ratings move freely. Between classes they move by
swaps of four: what leaves one goes to a second, and the like of it comes back by way of a third and a fourth. That
shows of nearly every hidden count that it could be zero, or large, without a solver.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from ratings.scale import Counts, add, subtract

Class = frozenset[tuple[str, int, int]]
"""In what cells are: ("figure", number, 1), and ("balance", number, 1 or -1 for its side)."""

MOST_TRIES = 2000
"""Then it is left to the solver."""


class Swaps:
    """Of the classes of one site, and what they hold in truth."""

    def __init__(self, truth: Mapping[Class, Counts]) -> None:
        self._truth = truth
        self._with: dict[tuple[str, int, int], set[Class]] = {}
        for kind in truth:
            for tie in kind:
                self._with.setdefault(tie, set()).add(kind)

    def can_be_empty(self, kinds: Collection[Class]) -> bool:
        """Whether all of these could hold nothing."""
        now = dict(self._truth)
        for kind in kinds:
            for to, back, via in islice(self._swaps(kind, kinds), MOST_TRIES):
                if not sum(now[kind]):
                    break
                _move(now, _less(now[kind], now[via]), (kind, via), (to, back))
        return not any(sum(now[kind]) for kind in kinds)

    def can_hold(self, kinds: Collection[Class], n: int) -> bool:
        """Whether these could together hold so many."""
        now = dict(self._truth)
        for kind in kinds:
            for source, other, via in islice(self._swaps(kind, kinds), MOST_TRIES):
                if sum(sum(now[each]) for each in kinds) >= n:
                    break
                _move(now, _less(now[source], now[other]), (source, other), (kind, via))
        return sum(sum(now[each]) for each in kinds) >= n

    def _swaps(self, kind: Class, others: Collection[Class]) -> Iterator[tuple[Class, Class, Class]]:
        """Three more classes, each time: what goes from `kind` to the first may go from the third to the second.

        Then what the first has more of than `kind`, the third has more of than the second.
        """
        near = set().union(*(self._with[tie] for tie in kind)) - {kind, *others}
        for to in sorted(near, key=lambda each: -sum(self._truth[each])):
            gone, come = kind - to, to - kind
            if gone:
                for back in set.intersection(*(self._with[tie] for tie in gone)) - {kind, *others}:
                    via = (back - gone) | come
                    if come.isdisjoint(back) and via in self._truth and via not in others:
                        yield to, back, via


def _less(one: Counts, other: Counts) -> Counts:
    return tuple(map(min, one, other))  # type: ignore[return-value]


def _move(now: dict[Class, Counts], what: Counts, out: tuple[Class, Class], into: tuple[Class, Class]) -> None:
    for kind in out:
        now[kind] = subtract(now[kind], what)
    for kind in into:
        now[kind] = add(now[kind], what)
