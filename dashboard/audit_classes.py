"""Cells that no figure and no balance tells apart are one class: what it holds may be all of one cell, or none of it.

Terminals that a table never tells apart are joined before, as far as the table goes: whatever their months hold, their
keys can be shared out to suit. For whole numbers with given sums of rows and of columns exist wherever both sums agree
(a transportation problem); so balance by balance they say no more than all together. Only who asks for one terminal's
key in that table needs them `apart`.
Knows figures and cells, and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboard.audit_evidence import Cell, Evidence
from ratings.period import Period
from ratings.scale import Counts
from ratings.table import Slice

FIGURE, BALANCE = "figure", "balance"

Tie = tuple[str, int, int]
"""What a cell is in: ("figure", number, 1), or ("balance", number, 1 for the months or -1 for the keys)."""
Class = frozenset[Tie]
"""All ties of some cells."""


def ties(found: Evidence) -> dict[Cell, Class]:
    """In what each cell is."""
    made: dict[Cell, set[Tie]] = {}
    for number, figure in enumerate(found.figures):
        for cell in figure.cells:
            made.setdefault(cell, set()).add((FIGURE, number, 1))
    for number, balance in enumerate(found.balances):
        for side, cells in ((1, balance.months), (-1, balance.keys)):
            for cell in cells:
                made.setdefault(cell, set()).add((BALANCE, number, side))
    free = {part for parts in found.parts.values() for part in parts}
    return {cell: frozenset(made.get(cell, ())) for cell in found.cells if cell not in found.parts or cell in free}


class Classes:
    """Of one site's evidence. `apart`: the slice whose terminals are not joined."""

    def __init__(self, found: Evidence, tied: Mapping[Cell, Class], apart: Slice | None) -> None:
        self.joined = _joined(found, set(tied.values()), apart)
        renamed = {kind: self._renamed(kind) for kind in set(tied.values())}
        self.of = {cell: renamed[kind] for cell, kind in tied.items()}
        self.members: dict[Class, list[Cell]] = {}
        for cell, kind in self.of.items():
            self.members.setdefault(kind, []).append(cell)
        self.truth: dict[Class, Counts] = {kind: found.truth(cells) for kind, cells in self.members.items()}
        self._root = _roots(self.members)

    def _renamed(self, kind: Class) -> Class:
        return frozenset(
            (what, self.joined.get(number, number) if what == BALANCE else number, side) for what, number, side in kind
        )

    def connected(self, kinds: Iterable[Class]) -> frozenset[int]:
        """Numbers for all that figures and balances connect with some classes."""
        return frozenset(self._root[kind] for kind in kinds)

    def within(self, connected: frozenset[int]) -> list[Class]:
        """The classes of these numbers."""
        return [kind for kind in self.members if self._root[kind] in connected]


def _joined(found: Evidence, kinds: Iterable[Class], apart: Slice | None) -> dict[int, int]:
    """From balances to the first that they are joined with: of the same table, their keys in the same figures."""
    keys: dict[int, set[Class]] = {}
    for kind in kinds:
        for tie in kind:
            what, number, side = tie
            if what == BALANCE and side < 0:
                keys.setdefault(number, set()).add(kind - {tie})
    alike: dict[tuple[Slice, Period, frozenset[Class]], list[int]] = {}
    for number, balance in enumerate(found.balances):
        if balance.slice is not apart:
            alike.setdefault((balance.slice, balance.days, frozenset(keys[number])), []).append(number)
    return {number: some[0] for some in alike.values() if len(some) > 1 for number in some}


def _roots(kinds: Iterable[Class]) -> dict[Class, int]:
    """From each class to a number that it has in common with all that figures and balances connect with it."""
    root: dict[Class, int] = {}
    together: dict[int, list[Class]] = {}
    first: dict[tuple[str, int], Class] = {}
    for number, kind in enumerate(kinds):
        root[kind], together[number] = number, [kind]
        for what, tie, _ in kind:
            one, other = sorted(
                (root[kind], root[first.setdefault((what, tie), kind)]), key=lambda each: len(together[each])
            )
            if one != other:
                root |= dict.fromkeys(together[one], other)
                together[other] += together.pop(one)
    return root
