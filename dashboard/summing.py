"""Tables by language, hour or reason, summed: a key stays only where it means the same in every table.

Where a table has pooled some of its keys, nobody knows what it would have said of a key that it does not show: then
that key is pooled in the sum, too. Hours are coarsened to common unions of their stretches. Reads no database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ratings.scale import ZERO, Counts, add
from ratings.table import OTHER, Cells, Slice, parse_hour, stretch_key

Stretch = tuple[int, int, int, int]
"""First weekday, last weekday, begin, end: what an `hour` key stands for."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Some terminals' tables together. `least`: the ratings of the smallest key of any of these tables; 0 for none."""

    terminals: tuple[str, ...]
    cells: Cells
    least: int


def alone(terminals: tuple[str, ...], cells: Cells) -> Sum:
    """A table by itself."""
    return Sum(terminals, cells, min(map(sum, cells.values()), default=0))


def added(slice_: Slice, sums: Sequence[Sum]) -> Sum:
    """Several together."""
    terminals = tuple(sorted({each for some in sums for each in some.terminals}))
    least = min((each.least for each in sums), default=0)
    return Sum(terminals, together(slice_, [each.cells for each in sums]), least)


def together(slice_: Slice, tables: Sequence[Cells]) -> Cells:
    """The sum of some tables of one slice: each key where every table shows it or has nothing pooled, else `other`."""
    filled = [{key: counts for key, counts in table.items() if sum(counts)} for table in tables]
    filled = [table for table in filled if table]
    if len(filled) == 1:
        return filled[0]
    labels = _labels(slice_, {key for table in filled for key in table})
    closed = {label for table in filled if OTHER in table for label in _not_shown(table, labels)}
    summed: Cells = {}
    for table in filled:
        for key, counts in table.items():
            label = OTHER if labels[key] in closed else labels[key]
            summed[label] = add(summed.get(label, ZERO), counts)
    return summed


def relabelled(slice_: Slice, cells: Cells, labels: Collection[str]) -> Cells | None:
    """The same ratings under keys that were chosen before; None where a key lies in none, or in a part of one.

    What has no key of its own goes to `other`; where there is none, nothing was pooled, and the key is a new one.
    """
    found: Cells = {}
    for key, counts in cells.items():
        label = label_of(slice_, key, labels)
        if label is None:
            return None
        found[label] = add(found.get(label, ZERO), counts)
    return found


def label_of(slice_: Slice, key: str, labels: Collection[str]) -> str | None:
    """Under which of some keys a stored key's ratings are: its own, a longer stretch, `other`, else a new one."""
    if key in labels:
        return key
    if slice_ is Slice.HOUR and (stretch := parse_hour(key)):
        for label in labels:
            whole = parse_hour(label)
            if whole and _overlap(whole, stretch):
                return label if _covers(whole, stretch) else None
    return OTHER if OTHER in labels else key


def _labels(slice_: Slice, keys: Collection[str]) -> dict[str, str]:
    """From each key to the one it has in the sum."""
    if slice_ is not Slice.HOUR:
        return {key: key for key in keys}
    labels = {key: key for key in keys if parse_hour(key) is None}
    stretches = {key: stretch for key in keys if (stretch := parse_hour(key))}
    by_day: dict[int, list[Stretch]] = {day: [] for day in range(1, 8)}
    for stretch in stretches.values():
        union = stretch
        while joined := [each for day in _days(union) for each in by_day[day] if _overlap(each, union)]:
            for each in set(joined):
                for day in _days(each):
                    by_day[day].remove(each)
            union = _union([union, *joined])
        for day in _days(union):
            by_day[day].append(union)
    for key, stretch in stretches.items():
        labels[key] = stretch_key(*next(union for union in by_day[stretch[0]] if _covers(union, stretch)))
    return labels


def _days(stretch: Stretch) -> range:
    return range(stretch[0], stretch[1] + 1)


def _not_shown(table: Cells, labels: dict[str, str]) -> set[str]:
    """The keys of the sum that a table does not show, or not all of: some of it may be in its `other`."""
    size: dict[str, int] = {}
    for key in table:
        size[labels[key]] = size.get(labels[key], 0) + _size(key)
    return {label for label in set(labels.values()) if size.get(label, 0) < _size(label)}


def _size(key: str) -> int:
    """How many hours of the week a key is about; 1 for one that is about none."""
    stretch = parse_hour(key)
    return (stretch[1] - stretch[0] + 1) * (stretch[3] - stretch[2]) if stretch else 1


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one[0] <= other[1] and other[0] <= one[1] and one[2] < other[3] and other[2] < one[3]


def _covers(one: Stretch, other: Stretch) -> bool:
    return one[0] <= other[0] and other[1] <= one[1] and one[2] <= other[2] and other[3] <= one[3]


def _union(some: Sequence[Stretch]) -> Stretch:
    return min(s[0] for s in some), max(s[1] for s in some), min(s[2] for s in some), max(s[3] for s in some)


def total(cells: Cells) -> Counts:
    """All ratings of a table."""
    return add(*cells.values())
