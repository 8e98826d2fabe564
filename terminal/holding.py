"""Taps under a clock that is not known to be right: kept apart, and counted where they belong when it is.

Total and language apart, nothing crossed, no hour. What this start of the machine has held goes to the periods of the
day on which the holding began; what an earlier start left goes to those of the last day that was known. Rules and their
reasons: `docs/decisions/0007-which-day-it-is.md`. The ledger gives the transaction and the cells.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ratings import period as periods
from ratings.period import Grain
from ratings.scale import Score
from ratings.table import COUNTED, REPEAT, SKIPPED, UNCHOSEN, UNKNOWN, Cells, Epoch, Slice
from terminal import epochs
from terminal.cells import EARLIER, HELD
from terminal.running import Running

if TYPE_CHECKING:
    from terminal.ledger import Ledger

SLICES = (Slice.TOTAL, Slice.LANGUAGE, Slice.REASON)
"""What is told apart while it is held; the other slices follow from the total."""

_SINCE = "holding"
"""In the store: the machine's start that holds, and how many seconds of it had passed when the holding began."""


def open_store(ledger: Ledger) -> None:
    """See whether what is held is of this start of the machine; part of a transaction."""
    if _since(ledger) is None:
        for epoch, question in ledger.cells.held(HELD):
            for slice_ in SLICES:
                cells = ledger.cells.read(epoch, question, slice_, HELD)
                if cells:
                    ledger.make(epoch, question, slice_, EARLIER, cells)
                    ledger.cells.add(epoch, question, slice_, EARLIER, cells)
                ledger.forget(epoch, question, slice_, HELD)


def prepare(ledger: Ledger, question: str) -> None:
    """Make the holding counters, where they are not there yet; part of a transaction."""
    if ledger.trust is not None and _since(ledger) is None:
        # When the clock was last looked at, not now: a tap may have come before the next look.
        ledger.cells.set_meta(_SINCE, f"{ledger.trust.boot()} {ledger.looked:.0f}")
    for slice_ in SLICES:
        if slice_ in ledger.keys:
            ledger.make(ledger.epoch, question, slice_, HELD)


def record(ledger: Ledger, question: str, score: Score, language: str | None, *, repeat: bool) -> bool:
    """Count one rating; part of a transaction. Returns whether it is counted as skipped, and may be given a reason."""
    prepare(ledger, question)

    def count(slice_: Slice, key: str) -> None:
        with ledger.refusing(slice_, key):
            ledger.cells.change(ledger.epoch, question, slice_, HELD, key, score, 1)

    count(Slice.TOTAL, REPEAT if repeat else COUNTED)
    if repeat:
        return False
    count(Slice.LANGUAGE, language or UNCHOSEN)
    if Slice.REASON not in ledger.keys:
        return False
    count(Slice.REASON, SKIPPED)
    return True


def place(ledger: Ledger, moment: datetime, today: date) -> None:
    """Count everything held where it belongs, the clock being right now; part of a transaction.

    A period that has been released stays as it is: the earliest one that has not takes its place, as for any tap.
    """
    for epoch, question in ledger.cells.held(EARLIER):
        _place(ledger, epoch, question, EARLIER, ledger.known or today, None)
    for epoch, question in ledger.cells.held(HELD):
        _place(ledger, epoch, question, HELD, _began(ledger, moment), today)
    if ledger.cells.meta(_SINCE):
        ledger.cells.set_meta(_SINCE, "")


def _place(ledger: Ledger, epoch: Epoch, question: str, which: str, day: date, until: date | None) -> None:
    """Move the counters of one question to the periods of `day`. `until` is the last day they may be of, if known."""
    found = {slice_: ledger.cells.read(epoch, question, slice_, which) for slice_ in SLICES}
    for slice_ in SLICES:
        ledger.forget(epoch, question, slice_, which)
    if not any(found.values()):
        return
    if COUNTED in found[Slice.TOTAL]:
        counts = found[Slice.TOTAL][COUNTED]
        found[Slice.HOUR] = {UNKNOWN: counts}
        if ledger.settings.trend != "none":
            found[Slice.TREND] = {COUNTED: counts}
    running = _running(ledger, epoch)
    if epochs.is_over(ledger, epoch, running, question, found, day):
        now = _running(ledger, ledger.epoch)
        if epochs.is_over(ledger, ledger.epoch, now, question, found, day):
            epochs.begin(ledger)
            ledger.reload()
        epoch, running = ledger.epoch, _running(ledger, ledger.epoch)
    sure = True
    for slice_, cells in found.items():
        if not cells:
            continue
        period = _period(ledger, running, epoch, question, slice_, day, cells)
        sure = sure and until is not None and until in periods.parse(period)[0]
        ledger.cells.add(epoch, question, slice_, period, cells)
        if slice_ is Slice.REASON and epoch == ledger.epoch and which == HELD:
            ledger.placed[question] = period
    if not sure:
        month = _period(ledger, running, epoch, question, Slice.TOTAL, day, {})
        ledger.cells.assume(epoch, month)


def _running(ledger: Ledger, epoch: Epoch) -> Running:
    return Running(ledger.cells.running(epoch), ledger.cells.closed(epoch))


def _period(
    ledger: Ledger, running: Running, epoch: Epoch, question: str, slice_: Slice, day: date, keys: Cells
) -> str:
    """The written form of the period that `day` counts in, with cells for `keys` made."""
    period = running.find(question, slice_, day)
    if period is None:
        # Reasons that were held are counted, also where they are no longer asked for.
        grain = ledger.grain(slice_) or Grain(ledger.settings.reason)
        period = running.begin(question, slice_, grain, day)
    ledger.make(epoch, question, slice_, period, keys)
    return period


def _began(ledger: Ledger, moment: datetime) -> date:
    """The day on which this start of the machine began to hold, reckoned from a moment that is known right."""
    since, held_for = _since(ledger), 0.0
    if since is not None and ledger.trust is not None:
        held_for = max(0.0, ledger.trust.uptime() - since)
    return periods.local_day(moment - timedelta(seconds=held_for), ledger.zone)


def _since(ledger: Ledger) -> float | None:
    """When the holding began, in seconds since the machine's start; None where that was another start, or never."""
    boot, _, seconds = (ledger.cells.meta(_SINCE) or "").partition(" ")
    if ledger.trust is None or not boot or boot != ledger.trust.boot():
        return None
    return float(seconds)
