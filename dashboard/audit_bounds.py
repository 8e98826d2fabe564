"""How small and how large each hidden count can be, for all that was told, by the cheapest way that shows it.

Nearly all counts are shown to be safe by swaps between classes (`audit_swaps.py`). What is left is solved, as far as
figures and balances connect it (`audit_system.py`).
Knows figures and cells, and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboard.audit_classes import BALANCE, Class, Classes, ties
from dashboard.audit_evidence import Cell, Evidence
from dashboard.audit_swaps import Swaps
from dashboard.audit_system import Interval, Late, System
from ratings.scale import add, subtract
from ratings.table import Slice


class Bounds:
    """Of one site's evidence and threshold. Raises RuntimeError where figures contradict what is true: a bug."""

    def __init__(self, found: Evidence, threshold: int) -> None:
        self._found = found
        self._threshold = threshold
        self._late: dict[int, Late | None] = {}
        for number, figure in enumerate(found.figures):
            moved = subtract(found.truth(figure.cells), figure.then)
            if any(moved):
                one_way = min(moved) >= 0 or max(moved) <= 0
                self._late[number] = Late(number, moved, 1 if min(moved) >= 0 else -1) if one_way else None
        self._ties = ties(found)
        self._views: dict[Slice | None, View] = {}

    def of(self, cells: frozenset[Cell]) -> Interval | None:
        """The interval of a hidden count (months, or one key); None where it holds zero and is wide enough."""
        view = self._view(None)
        if joined := {number for cell in cells for number in self._joined(cell)}:
            (cell,) = cells
            if len(joined) == 1 and view.may_be_any_share(cell, joined.pop(), self._threshold):
                return None
            view = self._view(cell.slice)
        return view.interval(cells, self._threshold)

    def late(self) -> Iterable[tuple[Late, Interval]]:
        """What has come or gone since a figure was told, too few to be told of, and is known."""
        for number, late in self._late.items():
            if late is not None and 0 < abs(sum(late.counts)) < self._threshold:
                cells = self._found.figures[number].cells
                if cells and (interval := self._view(None).late(number, cells, self._threshold)):
                    yield late, interval

    def _joined(self, cell: Cell) -> list[int]:
        """The balances in which a cell is a key, and which are joined with others."""
        joined = self._view(None).classes.joined
        return [number for what, number, side in self._ties[cell] if what == BALANCE and side < 0 and number in joined]

    def _view(self, apart: Slice | None) -> View:
        if apart not in self._views:
            self._views[apart] = View(self._found, Classes(self._found, self._ties, apart), self._late)
        return self._views[apart]


class View:
    """All that was told, as it bears on the keys of one slice, or on all the rest."""

    def __init__(self, found: Evidence, classes: Classes, late: Mapping[int, Late | None]) -> None:
        self.classes = classes
        self._found = found
        self._late = late
        self._swaps = Swaps(classes.truth)
        self._systems: dict[frozenset[int], System] = {}

    def interval(self, cells: frozenset[Cell], threshold: int) -> Interval | None:
        """Of a hidden count; None where it holds zero and is wide enough."""
        touched, wholly = self._touched(cells)
        if not all(touched):
            return None  # Nothing at all was told of some of it.
        if self._swaps.can_be_empty(wholly) and self._swaps.can_hold(touched, threshold - 1):
            return None
        return self._system(touched).interval(wholly, touched, threshold)

    def may_be_any_share(self, key: Cell, balance: int, threshold: int) -> bool:
        """Whether a key in a joined balance could be zero, and large: it is a share of its class, and of some months.

        Zero at least where they may have no ratings at all; and of each score as many as both have in common.
        """
        touched, wholly = self._touched(self._found.balances[balance].months)
        months = add(*(self.classes.truth[kind] for kind in touched))
        share = map(min, months, self.classes.truth[self.classes.of[key]])
        return sum(share) >= threshold - 1 and self._swaps.can_be_empty(wholly)

    def late(self, number: int, cells: Iterable[Cell], threshold: int) -> Interval | None:
        """Of what came or went since a figure of some cells was told."""
        return self._system(self.classes.of[cell] for cell in cells).late(number, threshold)

    def _touched(self, cells: Iterable[Cell]) -> tuple[list[Class], list[Class]]:
        """The classes of some cells, and those of which no other cell is."""
        n: dict[Class, int] = {}
        for cell in cells:
            kind = self.classes.of[cell]
            n[kind] = n.get(kind, 0) + 1
        return list(n), [kind for kind in n if n[kind] == len(self.classes.members[kind])]

    def _system(self, kinds: Iterable[Class]) -> System:
        """The variables that figures and balances connect with some classes."""
        connected = self.classes.connected(kinds)
        if connected not in self._systems:
            there = self.classes.within(connected)
            self._systems[connected] = System(self._found, there, self.classes.members, self._late)
        return self._systems[connected]
