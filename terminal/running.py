"""Which periods are running, and which of them a day counts in: a picture of `open.db` in memory, to save reads.

Knows no file: the ledger fills it, and takes it anew from the file after a change that failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ratings import period as periods
from ratings.period import Grain, Period
from ratings.table import Slice


class Running:
    """The periods of one epoch that have cells, with their written form, and up to which day each slice is closed."""

    def __init__(
        self, found: Iterable[tuple[str, Slice, Period, str]] = (), through: dict[Slice, date] | None = None
    ) -> None:
        self._through = through or {}
        self._periods: dict[tuple[str, Slice], list[tuple[Period, str]]] = {}
        for question, slice_, days, text in found:
            self.add(question, slice_, days, text)

    def add(self, question: str, slice_: Slice, days: Period, text: str) -> None:
        """A period has cells now."""
        self._periods.setdefault((question, slice_), []).append((days, text))

    def day(self, slice_: Slice, day: date) -> date:
        """The day a tap counts at: the one it claims, or the first that is not released."""
        through = self._through.get(slice_)
        return day if through is None or day > through else through + periods.DAY

    def find(self, question: str, slice_: Slice, day: date) -> str | None:
        """The written form of the period that a tap of a day counts in; None where it has no cells yet."""
        counts_at = self.day(slice_, day)
        return next((text for days, text in self._periods.get((question, slice_), ()) if counts_at in days), None)

    def begin(self, question: str, slice_: Slice, grain: Grain, day: date) -> str:
        """Begin the period that a tap of a day counts in, which has no cells yet; returns its written form."""
        days, text = self.next(question, slice_, grain, day)
        self.add(question, slice_, days, text)
        return text

    def next(self, question: str, slice_: Slice, grain: Grain, day: date) -> tuple[Period, str]:
        """The period that would begin with a tap of a day, and its written form.

        A piece of trend is cut where other settings have left pieces beside it.
        """
        day = self.day(slice_, day)
        days = periods.period_of(grain, day)
        if slice_ is Slice.TREND:
            days = self._cut(question, days, day)
        return days, periods.write(days, Grain.DAY if slice_ is Slice.TREND else grain)

    def _cut(self, question: str, piece: Period, day: date) -> Period:
        first, last = piece.first, piece.last
        if (through := self._through.get(Slice.TREND)) is not None:
            first = max(first, through + periods.DAY)
        for other, _ in self._periods.get((question, Slice.TREND), ()):
            if first <= other.last < day:
                first = other.next()
            if day < other.first <= last:
                last = other.first - periods.DAY
        return Period(first, last)
