"""Changes that nobody could notice: ratings moved between hidden cells so that every figure stays as it is.

Within a class (`audit_classes.py`) ratings move freely. Between classes they move by swaps of four: what leaves one
goes to a second, and the like of it comes back by way of a third and a fourth. That shows of nearly every hidden count
that it could be zero, or large, without a solver.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, MutableMapping
from itertools import islice

from dashboard.audit_classes import Class, Tie
from ratings.scale import Counts, add, subtract

MOST_TRIES = 2000
"""Then it is left to the solver."""


class Swaps:
    """Of the classes of one site, and what they hold in truth."""

    def __init__(self, truth: dict[Class, Counts]) -> None:
        self._truth = truth
        self._with: dict[Tie, set[Class]] = {}
        for kind in truth:
            for tie in kind:
                self._with.setdefault(tie, set()).add(kind)

    def can_be_empty(self, kinds: Collection[Class]) -> bool:
        """Whether all of these could hold nothing."""
        now = ChainMap({}, self._truth)
        for kind in kinds:
            swaps = islice(self._swaps(kind, kinds), MOST_TRIES)
            while sum(now[kind]):
                if (swap := next(swaps, None)) is None:
                    return False
                to, back, via = swap
                _move(now, _less(now[kind], now[via]), (kind, via), (to, back))
        return True

    def can_hold(self, kinds: Collection[Class], n: int) -> bool:
        """Whether these could together hold so many."""
        now = ChainMap({}, self._truth)
        swaps = ((kind, *swap) for kind in kinds for swap in islice(self._swaps(kind, kinds), MOST_TRIES))
        while sum(sum(now[each]) for each in kinds) < n:
            if (swap := next(swaps, None)) is None:
                return False
            kind, source, other, via = swap
            _move(now, _less(now[source], now[other]), (source, other), (kind, via))
        return True

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


def _move(
    now: MutableMapping[Class, Counts], what: Counts, out: tuple[Class, Class], into: tuple[Class, Class]
) -> None:
    for kind in out:
        now[kind] = subtract(now[kind], what)
    for kind in into:
        now[kind] = add(now[kind], what)
