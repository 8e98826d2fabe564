"""Visitors of a plan, one after the other: `python -m tests.terminal.visitors CARD PLAN`, to be killed at any moment.

Says what is on the disk, and goes on only when that is said. Also what the plan is, for those who compare.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from ratings.config import Release
from ratings.scale import Score
from terminal.ledger import ClockError, Ledger
from tests.terminal.board import Board
from tests.terminal.conftest import EPOCH, OSLO, oslo

REASONS = ["waiting", "staff"]
MORNING = oslo(2026, 9, 7, 9)


class Visitor(msgspec.Struct, frozen=True):
    """What one visitor does. `hour` is of 7 September 2026."""

    score: Score
    language: str | None = None
    reason: str | None = None
    hour: int = 12
    repeat: bool = False


class Plan(msgspec.Struct):
    """Who comes. Where the clock is not known `right`, all are held. `release`: all is released in the end."""

    visitors: list[Visitor]
    right: bool = True
    release: bool = False


def board(card: Path, *, right: bool) -> Board:
    """The same board in the same start of the machine, whichever process asks."""
    made = Board(card.parent / f"board of {card.name}", MORNING)
    if right:
        made.network()
    return made


def open_ledger(card: Path, on: Board, languages: Sequence[str] = ("nb", "th")) -> Ledger:
    """The ledger of the plan's card."""
    epoch = None if (card / "open.db").exists() else EPOCH
    return Ledger.open(card, Release(), OSLO, languages, REASONS, epoch, trust=on.trust)


def start(card: Path, on: Board, languages: Sequence[str] = ("nb", "th")) -> Ledger:
    """The ledger as the kiosk has it when its first visitor comes: it has looked at the clock, and made the cells."""
    ledger = open_ledger(card, on, languages)
    with contextlib.suppress(ClockError):
        ledger.release(on.clock(), "visit")
    return ledger


def come(ledger: Ledger, on: Board, visitors: Sequence[Visitor], say: Callable[[str], object] = str) -> None:
    """Let them come."""
    for number, each in enumerate(visitors):
        say(f"comes {number}")
        moment = MORNING.replace(hour=each.hour) if on.places.synchronised.exists() else on.clock()
        pending = ledger.record("visit", each.score, each.language, moment, repeat=each.repeat)
        ledger.tidy()
        say(f"rated {number}")
        if each.reason is not None and pending is not None:
            ledger.choose(pending, each.reason)
            ledger.tidy()
            say(f"chose {number}")
    say("done")


def release(ledger: Ledger, on: Board) -> None:
    """Forty days later: all periods are over, and the next have begun."""
    on.now = (MORNING + timedelta(days=40)).astimezone(on.now.tzinfo)
    ledger.release(on.network(), "visit")


if __name__ == "__main__":
    CARD = Path(sys.argv[1])
    PLAN = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=Plan)
    BOARD = board(CARD, right=PLAN.right)
    LEDGER = open_ledger(CARD, BOARD)
    come(LEDGER, BOARD, PLAN.visitors, lambda words: os.write(1, f"{words}\n".encode()))
    if PLAN.release:
        release(LEDGER, BOARD)
