"""Release: tables of closed periods leave the ledger for the outbox, once, pooled, final.

The rules of what may leave the terminal; the ledger gives the transaction and the cells. `release = "live"` lets
running periods out as well, unpooled, and promises no anonymity against someone who looks twice.
"""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from ratings import period as periods
from ratings.period import Grain, Period
from ratings.pooling import Piece, hold_one_back, pool
from ratings.scale import ZERO, add
from ratings.table import COUNTED, POOLED, Epoch, Slice, Table

if TYPE_CHECKING:
    from terminal.ledger import Ledger


def closed_periods(ledger: Ledger, today: date, question: str | None) -> int:
    """Move every period that has ended before `today`, or whose question is no longer `question`, to the outbox.

    None: none is asked any more. Part of the ledger's transaction. Returns how many tables were written.
    """
    written = 0
    for epoch in ledger.epochs():
        trend: list[tuple[str, Period, str]] = []
        for asked, slice_, days, text in ledger.cells.running(epoch):
            if slice_ is Slice.TREND:
                trend.append((asked, days, text))
            elif days.last < today or asked != question:
                cells = ledger.cells.read(epoch, asked, slice_, text)
                if slice_ in POOLED and ledger.settings.mode == "closed":
                    cells = pool(slice_, cells, ledger.settings.source_minimum)
                # A month without a rating is told, so that "no ratings" differs from "not yet heard of".
                if cells or slice_ is Slice.TOTAL:
                    written += ledger.put(epoch, Table(asked, slice_, text, cells))
                if slice_ is Slice.TOTAL and ledger.cells.was_assumed(epoch, text):
                    ledger.assume(epoch, text)
                ledger.move(epoch, asked, slice_, text, _through(days, today))
        for (asked, _), pieces in groupby(trend, key=lambda each: (each[0], _month(each[1]))):
            written += _trend(ledger, epoch, asked, [days for _, days, _ in pieces], today, over=asked != question)
    for slice_ in Slice:
        # Periods in which the terminal was off are over for all slices alike: else a late tap would count in one
        # month's total and in another's trend.
        if (grain := ledger.grain(slice_)) is not None:
            begun = periods.period_of(Grain.MONTH if slice_ is Slice.TREND else grain, today)
            ledger.cells.close(ledger.epoch, slice_, begun.first - periods.DAY)
    return written


def running_periods(ledger: Ledger) -> int:
    """Live release: write every running period as it stands. Returns how many tables had changed."""
    written = 0
    for asked, slice_, _, text in ledger.cells.running(ledger.epoch):
        if cells := ledger.cells.read(ledger.epoch, asked, slice_, text):
            written += ledger.put(ledger.epoch, Table(asked, slice_, text, cells))
    return written


def _trend(ledger: Ledger, epoch: Epoch, asked: str, pieces: list[Period], today: date, *, over: bool) -> int:
    """One month's trend: gathered and held one back (live: each piece by itself, as it has been seen already)."""
    month = _month(pieces[0])
    ended = [Piece(days, _counts(ledger, epoch, asked, days)) for days in pieces if over or days.last < today]
    if ledger.settings.mode == "live":
        gathered = ended
    else:
        seen = [piece for piece in ended if ledger.has_released(epoch, asked, Slice.TREND, _text(piece.days))]
        unseen = [piece for piece in ended if piece not in seen]
        gathered, _ = hold_one_back(unseen, ledger.settings.source_minimum, complete=over or month.last < today)
        gathered = sorted(seen + gathered, key=lambda piece: piece.days)
    written = 0
    for piece in gathered:
        if piece.n:
            written += ledger.put(epoch, Table(asked, Slice.TREND, _text(piece.days), {COUNTED: piece.counts}))
        for days in pieces:
            if piece.days.covers(days):
                ledger.move(epoch, asked, Slice.TREND, _text(days), _through(days, today))
    return written


def _counts(ledger: Ledger, epoch: Epoch, asked: str, days: Period) -> tuple[int, int, int, int]:
    return add(ZERO, *ledger.cells.read(epoch, asked, Slice.TREND, _text(days)).values())


def _text(days: Period) -> str:
    return periods.write(days, Grain.DAY)


def _month(days: Period) -> Period:
    return periods.period_of(Grain.MONTH, days.first)


def _through(days: Period, today: date) -> date:
    """The last day that is closed with a period: its own last, or yesterday where a new question cut it short."""
    return min(days.last, today - periods.DAY)
