"""What must be true when a schedule of the simulator has ended: every tap that is left is counted exactly once.

Knows nothing of how it came to that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from dashboard import lives
from ratings import period as periods
from ratings.config import Release
from ratings.period import Grain, Period
from ratings.pooling import Piece, pool
from ratings.scale import ZERO, Counts, add, one
from ratings.table import POOLED, Cells, Slice
from tests.faults.dashboard import Dashboard
from tests.faults.device import Device
from tests.faults.model import Figures, Kind, Tap, Where, sums


@dataclass(frozen=True, slots=True)
class Left:
    """What is there at the end: cards, database, all taps that ever were, and terminals whose cards had it hard."""

    devices: list[Device]
    dashboard: Dashboard
    ever: list[Tap]
    rewound: set[str]
    burnt: set[str]

    def cards_of(self, terminal: str) -> list[Device]:
        """The terminal's cards."""
        return [device for device in self.devices if device.settings.terminal == terminal]


def look(left: Left, kind: Kind, figures: Figures) -> None:
    """Raises AssertionError where something was lost or doubled; adds to the figures what cannot be had back."""
    assert not left.dashboard.refused(), "good tables are in quarantine"
    rows = left.dashboard.rows()
    for terminal in {tap.terminal for tap in left.ever} | {row.terminal_id for row in rows}:
        here = [row for row in rows if row.terminal_id == terminal]
        for slice_ in Slice:
            _look_at(left, kind, terminal, slice_, [row for row in here if row.slice == slice_], figures)
        if kind is Kind.NETWORK:
            for device in left.cards_of(terminal):
                _look_closely(device, here)


def _look_at(left: Left, kind: Kind, terminal: str, slice_: Slice, rows: list[Row[Any]], figures: Figures) -> None:
    """Every tap that is left is counted once in this slice."""
    devices = left.cards_of(terminal)
    on_cards = {tap for device in devices for tap in device.taps if tap.enters(slice_)}
    taps = on_cards | left.dashboard.seen.taps(terminal, slice_)
    if slice_ is Slice.TREND and (not devices or devices[0].settings.release.trend == "none"):
        taps = set()
    found = add(ZERO, *map(_counts, rows))
    if slice_ is Slice.TOTAL:
        figures.destroyed += len({tap for tap in left.ever if tap.terminal == terminal} - taps)
    if kind is Kind.CARDS and slice_ is Slice.TREND:
        # Two lives cut it differently; pages take what overlaps nowhere. Nothing is missing where none was rewound.
        if terminal not in left.rewound | left.burnt:
            pieces = lives.together(_pieces(rows).values())
            found = add(ZERO, *(piece.counts for piece in pieces))
            assert found == sums(taps), f"{terminal}, {slice_}: {found} counted, {sums(taps)} tapped"
    elif kind is Kind.CARDS:
        outshone = _look_at_lives(left, terminal, slice_, taps, rows)
        if slice_ is Slice.TOTAL:
            figures.outshone += outshone
    else:
        assert found == sums(taps), f"{terminal}, {slice_}: {found} counted, {sums(taps)} tapped"
        if slice_ is Slice.TOTAL:
            n = sum(int(row.n) for row in rows)
            assert n == len(taps), f"{terminal}: {n} counted with repeats, {len(taps)} tapped"


def _look_at_lives(left: Left, terminal: str, slice_: Slice, all_taps: set[Tap], rows: list[Row[Any]]) -> int:
    """Of each table the largest of its lives' sets of taps is counted; others are in it, or outshone: how many."""
    tables = left.dashboard.seen.copy()
    for device in left.cards_of(terminal):
        grain = grain_of(device.settings.release, slice_)
        sets: dict[Where, set[Tap]] = {}
        for tap in device.taps:
            if tap.enters(slice_):
                assert tap.day is not None
                period = periods.write(periods.period_of(grain, tap.day), grain)
                sets.setdefault(Where(terminal, tap.epoch, tap.question, slice_, period), set()).add(tap)
        for where, taps in sets.items():
            tables.merge(where, frozenset(taps))
    wanted = tables.of(terminal, slice_)
    for row in rows:
        where = Where(terminal, row.epoch, row.question, slice_, row.period)
        largest = wanted.pop(where, {frozenset()})
        allowed = {(len(taps), sums(taps)) for taps in largest}
        assert (row.n, _counts(row)) in allowed, f"{where}: {row.n}, {_counts(row)} counted; tapped {allowed}"
    missing = {where for where, sets in wanted.items() if any(sets)}
    assert not missing, f"not counted at all: {missing}"
    outshone = all_taps - tables.taps(terminal, slice_)
    assert not outshone or terminal in left.rewound, f"{terminal}, {slice_}: {len(outshone)} are not counted"
    return len(outshone)


def _look_closely(device: Device, rows: list[Row[Any]]) -> None:
    """Where clock and card were good: each month's total, each language and each reason, as chosen or pooled."""
    release = device.settings.release
    grains = {slice_: grain_of(release, slice_) for slice_ in (Slice.TOTAL, Slice.LANGUAGE, Slice.REASON)}
    wanted: dict[tuple[str, str, str, str], Cells] = {}
    for tap in device.taps:
        assert tap.day is not None
        for slice_, grain in grains.items():
            if tap.enters(slice_):
                period = periods.write(periods.period_of(grain, tap.day), grain)
                cells = wanted.setdefault((tap.epoch, tap.question, str(slice_), period), {})
                cells[tap.key(slice_)] = add(cells.get(tap.key(slice_), ZERO), one(tap.score))
    if release.mode == "closed":
        for where, cells in wanted.items():
            if where[2] in POOLED:
                wanted[where] = pool(Slice(where[2]), cells, release.source_minimum)
    found = {
        (row.epoch, row.question, row.slice, row.period): {
            key: tuple(four) for key, four in json.loads(row.cells).items()
        }
        for row in rows
        if row.slice in grains and row.n
    }
    assert found == wanted, f"{device.settings.terminal}: {found} counted, {wanted} tapped"


def grain_of(release: Release, slice_: Slice) -> Grain:
    """How long the periods of a slice are. Not for trend."""
    return Grain.MONTH if slice_ is Slice.TOTAL else Grain(getattr(release, slice_))


def _pieces(rows: list[Row[Any]]) -> dict[str, list[Piece]]:
    """Pieces of trend by epoch."""
    found: dict[str, list[Piece]] = {}
    for row in rows:
        found.setdefault(row.epoch, []).append(Piece(Period(row.first_day, row.last_day), _counts(row)))
    return found


def _counts(row: Row[Any]) -> Counts:
    return row.very_unhappy, row.unhappy, row.happy, row.very_happy
