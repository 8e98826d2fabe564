"""Which keys the ledger counts apart in each slice. They are made before anybody taps, so that a tap never makes one.

Languages and reasons are what visitors are shown, which may change while periods run: those that came are made in them,
too, and those that went keep what they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ratings.table import COUNTED, REPEAT, SKIPPED, UNCHOSEN, Slice, all_hours
from terminal.cells import HELD

if TYPE_CHECKING:
    from terminal.ledger import Ledger

Keys = dict[Slice, Sequence[str]]


def of(languages: Sequence[str], reasons: Sequence[str]) -> Keys:
    """The keys of each slice that is counted; without reasons the follow-up question is not asked, nor counted."""
    keys: Keys = {
        Slice.TOTAL: [COUNTED, REPEAT],
        Slice.TREND: [COUNTED],
        Slice.LANGUAGE: [*languages, UNCHOSEN],
        Slice.HOUR: all_hours(),
    }
    if reasons:
        keys[Slice.REASON] = [*reasons, SKIPPED]
    return keys


def widen(ledger: Ledger) -> None:
    """Make what is missing of the ledger's keys in what runs and what is held; part of a transaction."""
    begun = [(question, slice_, text) for question, slice_, _, text in ledger.cells.running(ledger.epoch)]
    held = [question for epoch, question in ledger.cells.held(HELD) if epoch == ledger.epoch]
    begun += [(question, slice_, HELD) for question in held for slice_ in (Slice.LANGUAGE, Slice.REASON)]
    for question, slice_, text in begun:
        if slice_ in ledger.keys:
            ledger.make(ledger.epoch, question, slice_, text)
