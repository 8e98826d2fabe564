"""How small and how large a hidden count can be, solved: integer programming with HiGHS (SciPy).

For what the swaps do not settle (`audit_bounds.py`). Knows figures and cells, and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.audit_classes import BALANCE, FIGURE, Class
from dashboard.audit_evidence import Cell, Evidence, Figure
from ratings.scale import Counts, Score, subtract

SCORES = len(Score)
INFEASIBLE = 2
"""What SciPy's `milp` says where nothing fulfils all conditions."""
TOLERANCE = 1e-6
"""A number that is off by less is whole."""
STILL: None = None
"""In place of figures: all of them, as they are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The smallest and the largest value that a count can have, and the figures by which that is known.

    `high` is None where they do not limit it.
    """

    low: int
    high: int | None
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """What came after a figure was told (`sign` 1), or went (-1): a hidden count, too."""

    figure: int
    counts: Counts
    sign: int


Row = tuple[tuple[int, int, int, int], float, float]
"""A weight for each score, and between which values the weighted sum lies."""


def rows(figure: Figure) -> list[Row]:
    """What a figure says."""
    if figure.counts is not None:
        units = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
        return [(unit, count, count) for unit, count in zip(units, figure.counts, strict=True)]
    assert figure.band is not None
    assert figure.step is not None
    low, high = figure.step.low, figure.step.high
    most = float("inf") if figure.band.high is None else figure.band.high
    made: list[Row] = [((1, 1, 1, 1), figure.band.low, most), ((-low, -low, 100 - low, 100 - low), 0, float("inf"))]
    if high < 100:
        # The first step ends with its last value, the others before it.
        made.append(((-high, -high, 100 - high, 100 - high), -float("inf"), 0 if low == 0 else -1))
    return made


Line = tuple[list[int], list[int], float, float]
"""Columns and their weights, and between which values the weighted sum lies."""


class System:
    """Integer variables (four for each class, four for what came after a figure) and the rows that bind them."""

    def __init__(
        self,
        found: Evidence,
        kinds: Sequence[Class],
        members: Mapping[Class, Sequence[Cell]],
        late: Mapping[int, Late | None],
    ) -> None:
        self._found = found
        self._figures = sorted({number for kind in kinds for what, number, _ in kind if what == FIGURE})
        self._place = {kind: SCORES * number for number, kind in enumerate(kinds)}
        slack = [number for number in self._figures if number in late]
        self._slack = {number: SCORES * (len(kinds) + place) for place, number in enumerate(slack)}
        self._truth = [value for kind in kinds for value in found.truth(members[kind])]
        for number in slack:
            self._truth += subtract(found.truth(found.figures[number].cells), found.figures[number].then)
        self._width = len(self._truth)
        # More than any figure would allow: what comes near it is not limited.
        most = 4 * sum(map(abs, self._truth)) + 10_000
        self._unlimited = most // 2
        self._below, self._above = [0] * self._width, [most] * self._width
        for number in slack:
            change = late[number]
            here = slice(self._slack[number], self._slack[number] + SCORES)
            self._below[here] = [0 if change and change.sign > 0 else -most] * SCORES
            self._above[here] = [0 if change and change.sign < 0 else most] * SCORES
        self._witnesses = [self._truth]
        self._lines = self._figure_lines(kinds)
        self._balanced = self._balance_lines(kinds)
        self._still = self._still_lines(kinds) + self._balanced

    def _places(self, kinds: Sequence[Class]) -> dict[int, list[int]]:
        """Where the variables of each figure's classes begin."""
        within: dict[int, list[int]] = {number: [] for number in self._figures}
        for kind in kinds:
            for what, number, _ in kind:
                if what == FIGURE:
                    within[number].append(self._place[kind])
        return within

    def _figure_lines(self, kinds: Sequence[Class]) -> dict[int, list[Line]]:
        made: dict[int, list[Line]] = {}
        for number, places in self._places(kinds).items():
            made[number] = []
            for weights, low, high in rows(self._found.figures[number]):
                weighted = {place + score: weights[score] for place in places for score in Score}
                if number in self._slack:
                    weighted |= {self._slack[number] + score: -weights[score] for score in Score}
                made[number].append(_line(weighted, low, high))
        return made

    def _still_lines(self, kinds: Sequence[Class]) -> list[Line]:
        """That every figure, exactly and by score, told what it told."""
        made: list[Line] = []
        for number, places in self._places(kinds).items():
            for score in Score:
                weighted = {place + score: 1 for place in places}
                if number in self._slack:
                    weighted[self._slack[number] + score] = -1
                count = self._found.figures[number].then[score]
                made.append(_line(weighted, count, count))
        return made

    def _balance_lines(self, kinds: Sequence[Class]) -> list[Line]:
        sides: dict[int, dict[int, int]] = {}
        for kind in kinds:
            for what, number, side in kind:
                if what == BALANCE:
                    sides.setdefault(number, {})[self._place[kind]] = side
        return [
            _line({place + score: side for place, side in places.items()}, 0, 0)
            for places in sides.values()
            for score in Score
        ]

    def interval(self, wholly: Sequence[Class], touched: Sequence[Class], threshold: int) -> Interval | None:
        """Of a count that holds some classes wholly and others in part."""
        low = [self._place[kind] + score for kind in wholly for score in Score]
        high = [self._place[kind] + score for kind in touched for score in Score]
        return self._judge(low, high, threshold)

    def late(self, number: int, threshold: int) -> Interval | None:
        """Of what came after a figure was told: only whether somebody came for certain."""
        where = [self._slack[number] + score for score in Score]
        return self._judge(where, where, threshold, width=False)

    def _judge(self, low: Sequence[int], high: Sequence[int], threshold: int, *, width: bool = True) -> Interval | None:
        """None where the count can be zero, and (`width`) large: each shown by a solution. Else the interval."""
        enough = threshold - 1
        can_be_zero = self._seen(low, min) <= 0 or self._shown(low, 1, most=0)
        if can_be_zero and (not width or self._seen(high, max) >= enough or self._shown(high, -1, least=enough)):
            return None
        return self._explained(low, high, threshold, width=width)

    def _shown(self, where: Sequence[int], sign: int, *, least: int | None = None, most: int | None = None) -> bool:
        """Whether a solution shows that some variables can come to so little, or so much.

        First among those in which every figure's sums stay what they are, score by score: they are whole by
        themselves (bands and steps are what makes them not), and found in a tenth of the time.
        """
        reached = self._solve(where, sign, STILL)
        if reached is not None and (reached <= most if most is not None else reached >= (least or 0)):
            return True
        return self._solve(where, sign, self._figures, least=least, most=most) is not None

    def _explained(self, low: Sequence[int], high: Sequence[int], threshold: int, *, width: bool) -> Interval:
        """The interval, and the fewest figures that pin it: each is left out in turn, and stays out if it can."""
        kept = list(self._figures)
        for number in self._figures:
            without = [each for each in kept if each != number]
            least, most = self._ends(low, high, without)
            if least > 0 or (width and most < threshold - 1):
                kept = without
        least, most = self._ends(low, high, kept)
        limited = most if most <= self._unlimited else None
        return Interval(least, limited, tuple(self._found.figures[number].what for number in kept))

    def _ends(self, low: Sequence[int], high: Sequence[int], figures: Sequence[int]) -> tuple[int, int]:
        least, most = self._solve(low, 1, figures) if low else 0, self._solve(high, -1, figures)
        assert least is not None
        assert most is not None
        return least, most

    def _seen(self, where: Sequence[int], best: Callable[[Iterable[int]], int]) -> int:
        """The smallest or largest sum in all solutions known so far (what is true is one)."""
        return best(self._direction(where) * sum(each[place] for place in where) for each in self._witnesses)

    def _solve(
        self,
        where: Sequence[int],
        sign: int,
        figures: Sequence[int] | None,
        *,
        least: int | None = None,
        most: int | None = None,
    ) -> int | None:
        """The smallest (`sign` 1) or largest (-1) sum of some variables. `figures`: those that are reckoned with.

        With `least` or `most`: any such sum, or None where there is none; that is found sooner. With STILL: None where
        the solution is not whole.
        """
        import numpy
        from scipy.optimize import Bounds as Limits
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import coo_array

        bound = [*(self._still if figures is STILL else self._bound(figures))]
        asked = dict.fromkeys(where, self._direction(where))
        cost = numpy.zeros(self._width)
        if least is None and most is None:
            cost[list(asked)] = [sign * weight for weight in asked.values()]
        else:
            bound.append(_line(asked, -numpy.inf if least is None else least, numpy.inf if most is None else most))
        rows = [row for row, (columns, *_) in enumerate(bound) for _ in columns]
        columns = [column for columns, *_ in bound for column in columns]
        weights = [weight for _, weights, *_ in bound for weight in weights]
        made = milp(
            cost,
            integrality=0 if figures is STILL else 1,
            bounds=Limits(self._below, self._above),
            constraints=LinearConstraint(
                coo_array((weights, (rows, columns)), shape=(len(bound), self._width)).tocsr(),
                [low for *_, low, _ in bound],
                [high for *_, high in bound],
            ),
        )
        if made.status == INFEASIBLE and (least, most) != (None, None):
            return None
        if made.status != 0:
            raise RuntimeError(f"the audit found no solution where the truth is one: {made.message}")
        if numpy.abs(made.x - numpy.round(made.x)).max() > TOLERANCE:
            return None
        solution: list[int] = [round(each) for each in made.x]
        if figures is self._figures or figures is STILL:
            self._witnesses.append(solution)
        return sum(solution[place] for place in where) * self._direction(where)

    def _bound(self, figures: Iterable[int]) -> list[Line]:
        return [line for number in figures for line in self._lines[number]] + self._balanced

    def _direction(self, where: Sequence[int]) -> int:
        """-1 where the variables are of what has gone: these are counted backwards."""
        return -1 if any(self._truth[place] < 0 for place in where) else 1


def _line(weighted: Mapping[int, int], low: float, high: float) -> Line:
    used = {column: weight for column, weight in weighted.items() if weight}
    return list(used), list(used.values()), low, high
