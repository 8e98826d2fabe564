"""A question from the dashboard begins with a month, whatever comes and whenever the kiosk starts: nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ratings import config
from ratings.config import Config, Release
from ratings.remote import combine, decode
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import Revision, Slice
from ratings.wire import decode_table
from terminal.asked import FILE, Asked
from terminal.kiosk.calendar import Calendar
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.terminal.conftest import OSLO, oslo

OWN = config.read('[[questions]]\nid = "visit"')
STAY = '{"questions": [{"id": "stay", "texts": {"nb": "Hva syns du?"}}]}'
STAY_CORRECTED = '{"questions": [{"id": "stay", "texts": {"nb": "Hva synes du?"}}]}'
HELP = '{"questions": [{"id": "help"}]}'
PLANNED = '{"questions": [{"id": "visit"}, {"id": "stay", "from": "2026-04"}, {"id": "help", "from": "2026-06"}]}'
NOTHING = "{}"


class Clock:
    """The time of a terminal that knows it."""

    def __init__(self) -> None:
        self.moment = oslo(2026, 3, 10, 12)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


class Terminal:
    """A calendar on a card, which can be started anew, and is given what the dashboard sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.message, self.own = folder, Clock(), NOTHING, OWN
        self.tapped: dict[str, Counts] = {}
        self.start()

    def start(self) -> None:
        self.ledger = Ledger.open(self.folder, Release(), OSLO, ["nb"])
        self.asked = Asked(self.folder)
        self.asked.remote = decode(self.message.encode()).questions is not None
        self.calendar = Calendar(self.config, self.clock, self.ledger, self.asked)
        self.look()

    def restart(self) -> None:
        self.ledger.close()
        self.start()

    @property
    def config(self) -> Config:
        return combine(self.own, decode(self.message.encode()))

    def set(self, message: str) -> str:
        """The dashboard sets something; returns which question is asked then."""
        self.message = message
        self.asked.remote = decode(message.encode()).questions is not None
        self.calendar.configure(self.config)
        return self.look()

    def on(self, *day: int) -> str:
        self.clock.moment = oslo(*day, 12)
        return self.look()

    def look(self) -> str:
        self.calendar.look()
        self.asked.save()
        return self.calendar.question.id

    def tap(self, times: int = 1) -> None:
        for _ in range(times):
            question = self.calendar.question.id
            self.ledger.record(question, Score.HAPPY, "nb", self.clock.now())
            self.tapped[question] = add(self.tapped.get(question, ZERO), (0, 0, 1, 0))

    def released(self) -> dict[tuple[str, Slice], Counts]:
        """What has left, by question and slice."""
        found: dict[tuple[str, Slice], Counts] = {}
        outbox = Outbox(self.folder)
        for epoch, _ in outbox.epochs():
            for table in (decode_table(raw) for _, raw in outbox.pending(epoch, Revision(0))):
                where = table.question, table.slice
                found[where] = add(found.get(where, ZERO), table.counted)
        return found


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "card")
    yield made
    made.ledger.close()


def test_a_new_question_waits_for_the_month_and_closes_the_old_one_there(terminal: Terminal) -> None:
    terminal.tap(6)
    assert terminal.set(STAY) == "visit"
    assert terminal.on(2026, 3, 31) == "visit"
    terminal.tap(3)
    assert terminal.released() == {}, "nothing left before the month was over"
    assert terminal.on(2026, 4, 1) == "stay"
    terminal.tap()
    assert terminal.released() == {
        ("visit", slice_): (0, 0, 9, 0) for slice_ in (Slice.TOTAL, Slice.TREND, Slice.LANGUAGE, Slice.HOUR)
    }


def test_a_restart_in_the_month_changes_nothing_of_that(terminal: Terminal) -> None:
    terminal.tap()
    terminal.set(STAY)
    terminal.restart()
    assert terminal.calendar.question.id == "visit"
    assert terminal.on(2026, 4, 1) == "stay"
    assert terminal.set(HELP) == "stay"
    terminal.restart()
    assert terminal.calendar.question.texts == {"nb": "Hva syns du?"}, "in its own words, which are nowhere else by now"


def test_a_corrected_text_counts_at_once_also_of_a_question_that_only_stays_for_the_month(terminal: Terminal) -> None:
    terminal.set(STAY)
    terminal.on(2026, 4, 1)
    terminal.set(STAY_CORRECTED)
    assert terminal.calendar.question.texts == {"nb": "Hva synes du?"}
    terminal.set(HELP)
    assert terminal.calendar.question.id == "stay"
    both = '{"questions": [{"id": "stay", "place": "Pro Sentret"}, {"id": "help", "from": "2026-04"}]}'
    terminal.set(both)
    assert (terminal.calendar.question.id, terminal.calendar.question.place) == ("stay", "Pro Sentret")


def test_questions_planned_ahead_come_in_their_months_without_another_word(terminal: Terminal) -> None:
    assert terminal.set(PLANNED) == "visit"
    months = [(3, "visit"), (4, "stay"), (5, "stay"), (6, "help"), (7, "help")]
    assert [(month, terminal.on(2026, month, 2)) for month, _ in months] == months


def test_taking_a_question_back_waits_for_the_month_as_well(terminal: Terminal) -> None:
    terminal.set(STAY)
    terminal.on(2026, 4, 1)
    assert terminal.set(NOTHING) == "stay"
    terminal.restart()
    assert terminal.calendar.question.id == "stay"
    assert terminal.on(2026, 5, 1) == "visit"


def test_whoever_changes_the_file_on_the_card_is_asked_at_once(terminal: Terminal) -> None:
    terminal.own = config.read('[[questions]]\nid = "other"')
    terminal.restart()
    assert terminal.calendar.question.id == "other"


def test_nothing_leaves_a_month_however_often_the_dashboard_changes_its_mind(terminal: Terminal) -> None:
    """What would tell single taps apart: tables that are released between them."""
    for message in [STAY, HELP, NOTHING, PLANNED, STAY_CORRECTED] * 4:
        terminal.tap()
        terminal.set(message)
        assert terminal.released() == {}
    terminal.on(2026, 4, 1)
    assert terminal.released()["visit", Slice.TOTAL] == (0, 0, 20, 0)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"month": 3}', b"\xff"])
def test_a_damaged_note_costs_no_start(damage: bytes, terminal: Terminal) -> None:
    terminal.set(STAY)
    (terminal.folder / FILE).write_bytes(damage)
    terminal.restart()
    assert terminal.on(2026, 4, 1) == "stay"


@pytest.mark.parametrize("seed", range(5))
def test_questions_that_come_and_go_for_two_years_lose_and_double_nothing(seed: int, terminal: Terminal) -> None:
    order = random.Random(seed)
    messages: Sequence[str] = [STAY, HELP, NOTHING, PLANNED, STAY_CORRECTED]
    while terminal.clock.moment < oslo(2028, 3, 1):
        order.choice([lambda: terminal.set(order.choice(messages)), terminal.restart, terminal.look])()
        terminal.tap(order.randint(0, 3))
        terminal.clock.moment += timedelta(days=order.choice([0, 1, 9, 40]))
        terminal.look()
    terminal.on(2030, 1, 1)
    assert len(terminal.tapped) > 1, "more than one question was asked"
    # A year may have more than one table of a question, each of an epoch of its own: they add up.
    for question, counts in terminal.tapped.items():
        for slice_ in (Slice.TOTAL, Slice.LANGUAGE, Slice.HOUR):
            assert terminal.released().get((question, slice_), ZERO) == counts, (question, slice_)
