"""What the kiosk does while nobody knows which day it is: it asks, it is open, and it looks again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ratings import config
from ratings.scale import Score
from ratings.table import Slice
from terminal.clock import CheckedClock
from terminal.kiosk.calendar import RETRY_SECONDS, Calendar
from terminal.ledger import Ledger
from tests.terminal.board import Board
from tests.terminal.conftest import oslo

SETTINGS = config.read(
    """
    [[questions]]
    id = "visit"
    [[questions]]
    id = "stay"
    from = "2026-10"
    [hours]
    monday = ["10:00-16:00"]
    """
)


class BoardClock(CheckedClock):
    """The clock of a board that the test holds in its hands."""

    def __init__(self, board: Board, ledger: Ledger) -> None:
        super().__init__(board.trust, lambda: ledger.known)
        self.board = board

    def now(self) -> datetime:
        return self.board.clock()

    def monotonic(self) -> float:
        return self.board.uptime()


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "board", oslo(2026, 10, 5, 17))


@pytest.fixture
def card(tmp_path: Path, board: Board) -> Iterator[list[Ledger]]:
    """The one card, at the end of the list in the process that has it now."""
    opened = [open_card(tmp_path, board)]
    yield opened
    opened[-1].close()


def open_card(folder: Path, board: Board) -> Ledger:
    return Ledger.open(folder / "card", SETTINGS.release, SETTINGS.terminal.zone, ["nb"], trust=board.trust)


def test_a_terminal_that_does_not_know_the_day_is_open_and_goes_by_its_hours_when_it_does(
    board: Board, card: list[Ledger]
) -> None:
    calendar = Calendar(SETTINGS, BoardClock(board, card[-1]), card[-1])
    calendar.look()
    assert calendar.is_open()
    board.network()
    calendar.look()
    assert not calendar.is_open(), "it is Monday, after four o'clock"


def test_it_asks_the_question_of_the_last_day_it_knew(board: Board, card: list[Ledger], tmp_path: Path) -> None:
    board.network()
    calendar = Calendar(SETTINGS, BoardClock(board, card[-1]), card[-1])
    calendar.look()
    assert calendar.question.id == "stay"
    card[-1].close()
    board.start(off_hours=10)
    card.append(open_card(tmp_path, board))
    calendar = Calendar(SETTINGS, BoardClock(board, card[-1]), card[-1])
    calendar.look()
    assert calendar.question.id == "stay", "in 1970 it was another"


def test_it_looks_again_every_minute_says_so_once_and_counts_what_was_held(
    board: Board, card: list[Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    ledger, clock = card[-1], BoardClock(board, card[-1])
    calendar = Calendar(SETTINGS, clock, ledger)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            calendar.look()
            assert calendar.deadline() <= clock.monotonic() + RETRY_SECONDS
            ledger.record(calendar.question.id, Score.HAPPY, "nb", clock.now())
            board.after(RETRY_SECONDS / 3600)
    assert [record.getMessage()[:60] for record in caplog.records] == [
        "nothing is released: the clock is not known to be right. Wha"
    ]
    board.network()
    calendar.look()
    assert ledger.cells.read(ledger.epoch, "visit", Slice.TOTAL, "2026-10") == {}, "a question that is over"
    assert calendar.question.id == "stay"
    assert ledger.known == oslo(2026, 10, 5).date()
