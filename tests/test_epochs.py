"""Cards that were moved, copied, rewound or put away: what the dashboard ends with, and that it is what was tapped.

The real ledger, release, outbox and delivery, and the real exchange and store; only the network is simulated, and good.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dashboard import exchange, lives, schema, store
from ratings import wire
from ratings.config import Release
from ratings.period import Period
from ratings.pooling import Piece
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import Slice
from ratings.wire import Ack
from terminal.delivery import Delivery
from terminal.identity import UNKNOWN, Identity
from terminal.ledger import ClockError, Ledger
from terminal.outbox import Outbox
from terminal.trust import Trust
from tests.terminal.board import Board

OSLO = ZoneInfo("Europe/Oslo")
EVER = date(2090, 1, 1)
HERE, THERE = Identity("board", "card"), Identity("another board", "another card")


class Dashboard:
    """A real database, and what it answers."""

    def __init__(self, folder: Path) -> None:
        self.engine = store.open_engine(f"sqlite:///{folder}/dashboard.db")
        store.upgrade(self.engine)
        with self.engine.begin() as connection:
            store.add_terminal(connection, "Stua", "Pro Sentret", OSLO.key, terminal_id="stua")

    def talk(self, delivery: Delivery) -> None:
        """A new connection, and all messages both ways until nobody has anything to say."""
        delivery.restart()
        answers = [self._answer(wire.encode(delivery.status()), is_status=True)]
        for _ in range(200):
            while answers:
                delivery.acknowledged(wire.decode(answers.pop(), Ack))
            if (batch := delivery.next_batch()) is None:
                return
            answers.append(self._answer(wire.encode(batch), is_status=False))
        raise AssertionError("they never come to an end")

    def _answer(self, payload: bytes, *, is_status: bool) -> bytes:
        with self.engine.begin() as connection:
            if is_status:
                status = wire.decode(payload, wire.Status)
                ack = exchange.handle_status(connection, "stua", status, datetime.now(UTC))
            else:
                ack = exchange.handle_batch(connection, "stua", wire.decode(payload, wire.Batch), EVER)
        return wire.encode(ack)

    def sums(self) -> dict[Slice, Counts]:
        """What it holds of each slice, over all epochs."""
        with self.engine.connect() as connection:
            assert not connection.execute(select(schema.refused)).all()
            rows = connection.execute(select(schema.released)).all()
        found = dict.fromkeys(Slice, ZERO)
        trend: dict[str, list[Piece]] = {}
        for row in rows:
            counts = (row.very_unhappy, row.unhappy, row.happy, row.very_happy)
            if row.slice == Slice.TREND:
                trend.setdefault(row.epoch, []).append(Piece(Period(row.first_day, row.last_day), counts))
            else:
                found[Slice(row.slice)] = add(found[Slice(row.slice)], counts)
        found[Slice.TREND] = add(ZERO, *(piece.counts for piece in lives.together(trend.values())))
        return found


class Card:
    """A card with its store and its courier's folder, in some machine."""

    def __init__(self, folder: Path, owner: Identity = HERE, trust: Trust | None = None) -> None:
        self.folder = folder
        self.put_in(owner, trust)

    def put_in(self, owner: Identity, trust: Trust | None = None) -> None:
        """Start kiosk and courier on a machine, whose clock is right, or judged by `trust`."""
        self.owner = owner
        self.ledger = Ledger.open(
            self.folder / "store",
            Release(),
            OSLO,
            ["nb", "th"],
            ["waiting"],
            trust=trust,
            owner=owner,
            state=self.folder / "state",
        )
        self.delivery = Delivery(Outbox(self.folder / "store"), self.folder / "state", Release(), "test")

    def take_out(self) -> None:
        self.ledger.close()

    def copy(self, to: Path) -> Path:
        """An image of the card, which is not in a machine just now."""
        shutil.copytree(self.folder, to)
        return to

    def rewind(self, image: Path) -> None:
        """Write an old image onto the card."""
        shutil.rmtree(self.folder)
        shutil.copytree(image, self.folder)

    def look(self, day: datetime) -> None:
        self.ledger.release(day, "visit")

    def tap(self, day: datetime, *scores: Score) -> Counts:
        """Rate, a rating an hour; returns what was tapped."""
        for hour, score in enumerate(scores):
            self.ledger.record("visit", score, "nb", day + timedelta(hours=hour))
        return add(ZERO, *map(one, scores))


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    made = Dashboard(tmp_path)
    yield made
    made.engine.dispose()


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, 8, tzinfo=OSLO)


SOME = (Score.HAPPY, Score.VERY_HAPPY, Score.UNHAPPY, Score.HAPPY, Score.VERY_UNHAPPY, Score.VERY_HAPPY)
MORE = (Score.VERY_HAPPY,) * 7
FEW = (Score.UNHAPPY, Score.HAPPY)


def lived(card: Card, dashboard: Dashboard) -> Counts:
    """Two months that the dashboard has, and a third that has begun."""
    tapped = add(card.tap(day(7, 7), *SOME), card.tap(day(8, 11), *MORE))
    card.look(day(9, 1))
    dashboard.talk(card.delivery)
    return add(tapped, card.tap(day(9, 3), *FEW))


def end(dashboard: Dashboard, *cards: Card) -> None:
    """All periods close, and all cards speak, each as often as another's word may make it."""
    for card in cards:
        card.look(day(2, 1, 2028))
    for _ in range(3):
        for card in cards:
            dashboard.talk(card.delivery)
            card.look(day(2, 2, 2028))
    for card in cards:
        dashboard.talk(card.delivery)
        card.take_out()


def epochs(card: Card) -> int:
    return len(Outbox(card.folder / "store").epochs())


def test_a_card_that_is_moved_to_another_board_goes_on_in_a_new_epoch(tmp_path: Path, dashboard: Dashboard) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    old = card.ledger.epoch
    card.take_out()
    card.put_in(Identity("another board", "card"))
    assert card.ledger.epoch != old
    tapped = add(tapped, card.tap(day(9, 10), *SOME))
    kept = [card.ledger.cells.read(old, "visit", Slice.TOTAL, "2026-09")]
    assert kept == [{"counted": (0, 1, 1, 0)}], "the frozen epoch takes no more taps"
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)
    assert epochs(card) == 2


@pytest.mark.parametrize(
    "owner", [THERE, HERE, UNKNOWN], ids=["told by its identity", "by nothing", "by nothing known"]
)
def test_a_copied_card_and_the_first_one_both_go_on_and_nothing_counts_twice(
    tmp_path: Path, dashboard: Dashboard, owner: Identity
) -> None:
    first = Card(tmp_path / "card", UNKNOWN if owner == UNKNOWN else HERE)
    tapped = lived(first, dashboard)
    first.take_out()
    image = first.copy(tmp_path / "copy")
    first.put_in(first.owner)
    second = Card(image, owner)
    if owner != THERE:
        # Nothing tells them apart but what each hears of the other.
        first.look(day(10, 1))
        dashboard.talk(first.delivery)
        second.look(day(10, 1))
        dashboard.talk(second.delivery)
        second.look(day(10, 2))
        dashboard.talk(first.delivery)
        first.look(day(10, 2))
        assert first.ledger.epoch != second.ledger.epoch
    for month, scores in ((10, SOME), (11, MORE), (12, FEW)):
        for card in (first, second):
            tapped = add(tapped, card.tap(day(month, 5), *scores))
            card.look(day(month, 28))
            dashboard.talk(card.delivery)
    end(dashboard, first, second)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_a_copy_that_parts_in_the_middle_of_a_month_counts_no_piece_of_trend_twice(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    first = Card(tmp_path / "card")
    tapped = lived(first, dashboard)
    first.take_out()
    second = Card(first.copy(tmp_path / "copy"), THERE)
    first.put_in(HERE)
    # The first one's weeks reach the minimum, and leave one by one; the copy's rest leaves as one, over the same days.
    for number in (10, 17, 24):
        tapped = add(tapped, first.tap(day(9, number), *MORE))
        first.look(day(9, number) + timedelta(days=7))
        dashboard.talk(first.delivery)
    end(dashboard, first, second)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_a_rewound_card_that_says_too_little_begins_anew_and_loses_only_what_was_on_it_alone(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    card.take_out()
    image = card.copy(tmp_path / "image")
    card.put_in(HERE)
    tapped = add(tapped, card.tap(day(9, 10), *SOME))
    card.look(day(10, 1))
    dashboard.talk(card.delivery)
    card.tap(day(10, 2), *MORE)  # On this card only: it is written over.
    card.take_out()
    card.rewind(image)
    card.put_in(HERE)
    old = card.ledger.epoch
    dashboard.talk(card.delivery)  # Its next number is lower than what the dashboard has.
    card.look(day(10, 3))
    assert card.ledger.epoch != old
    tapped = add(tapped, card.tap(day(10, 4), *SOME))
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


@pytest.mark.parametrize("months", [1, 4])
def test_a_rewound_card_that_has_numbered_other_tables_meanwhile_is_noticed_and_they_arrive(
    tmp_path: Path, dashboard: Dashboard, months: int
) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    card.take_out()
    image = card.copy(tmp_path / "image")
    card.put_in(HERE)
    card.look(day(10, 1))
    dashboard.talk(card.delivery)  # September, of which the image has all, too.
    card.take_out()
    card.rewind(image)
    card.put_in(HERE)
    old = card.ledger.epoch
    for month in range(10, 10 + months):  # Without a network it does not notice, and releases under numbers in use.
        when = day((month - 1) % 12 + 1, 4, 2026 + (month - 1) // 12)
        tapped = add(tapped, card.tap(when, *MORE))
        card.look(when + timedelta(days=31))
    dashboard.talk(card.delivery)
    card.look(day(3, 1, 2027))
    assert card.ledger.epoch != old, "the batch that the dashboard named was none of ours"
    tapped = add(tapped, card.tap(day(3, 5, 2027), *SOME))
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_tables_that_were_not_acknowledged_are_numbered_above_what_the_dashboard_has(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    had = Outbox(card.folder / "store").epochs()[0][1]
    tapped = add(tapped, card.tap(day(10, 5), *MORE))
    card.look(day(11, 1))
    epoch, last = Outbox(card.folder / "store").epochs()[0]
    upto = last + 20
    card.delivery.acknowledged(Ack(epoch, upto, "00000000-0000-4000-8000-00000000beef"))
    card.delivery = Delivery(Outbox(card.folder / "store"), card.folder / "state", Release(), "test")
    (card.folder / "state" / "acknowledged.json").write_text(f'{{"{epoch}": {had}}}')
    card.look(day(11, 2))
    numbers = [revision for revision, _ in Outbox(card.folder / "store").pending(epoch, had)]
    assert numbers == list(range(upto + 1, upto + 1 + last - had))
    card.look(day(11, 3))
    assert [revision for revision, _ in Outbox(card.folder / "store").pending(epoch, had)] == numbers, "once"
    assert epochs(card) == 2
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_a_store_that_was_put_back_without_the_couriers_folder_notices_before_the_first_tap(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card = Card(tmp_path / "card")
    card.take_out()
    image = card.copy(tmp_path / "image")
    card.put_in(HERE)
    tapped = lived(card, dashboard)
    card.take_out()
    shutil.rmtree(card.folder / "store")
    shutil.copytree(image / "store", card.folder / "store")
    tapped = add(tapped, (0, -1, -1, 0))  # September's two were on the card alone, and all of the quarter's tables.
    card.put_in(HERE)
    again = card.tap(day(7, 9), *SOME)
    end(dashboard, card)
    sums = dashboard.sums()
    assert sums[Slice.TOTAL] == sums[Slice.TREND] == add(tapped, again)
    assert sums[Slice.LANGUAGE] == again
    assert epochs(card) == 2


def test_a_card_put_back_after_months_sends_what_it_had_and_goes_on(tmp_path: Path, dashboard: Dashboard) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    card.take_out()
    spare = Card(tmp_path / "spare", Identity("board", "spare card"))
    for month in (10, 11, 12):
        tapped = add(tapped, spare.tap(day(month, 5), *SOME))
        spare.look(day(month, 28))
        dashboard.talk(spare.delivery)
    spare.look(day(1, 2, 2027))
    dashboard.talk(spare.delivery)
    spare.take_out()
    card.put_in(HERE)
    old = card.ledger.epoch
    card.look(day(5, 3, 2027))
    tapped = add(tapped, card.tap(day(5, 3, 2027), *MORE))
    end(dashboard, card)
    assert card.ledger.epoch == old, "it is the same card in the same board: nothing has to begin anew"
    spare.put_in(HERE)
    end(dashboard, spare)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_a_courier_that_forgot_everything_costs_an_epoch_and_no_rating(tmp_path: Path, dashboard: Dashboard) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    card.take_out()
    shutil.rmtree(card.folder / "state")
    card.put_in(HERE)
    dashboard.talk(card.delivery)
    card.look(day(9, 20))
    tapped = add(tapped, card.tap(day(9, 20), *SOME))
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def hold(card: Card, board: Board, *scores: Score) -> Counts:
    """The kiosk starts on a board that does not know the day, and visitors come all the same."""
    with contextlib.suppress(ClockError):
        card.look(board.clock())
    return card.tap(board.clock(), *scores)


def test_a_card_that_is_moved_while_it_does_not_know_the_day_loses_nothing_that_it_held(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card, board = Card(tmp_path / "card"), Board(tmp_path / "board", day(9, 4))
    tapped = lived(card, dashboard)
    card.take_out()
    card.put_in(HERE, board.start(off_hours=20))
    tapped = add(tapped, hold(card, board, *FEW))
    card.take_out()

    other = Board(tmp_path / "other board", day(10, 2))
    card.put_in(THERE, other.trust)
    tapped = add(tapped, hold(card, other, *SOME))
    card.look(other.network())
    tapped = add(tapped, card.tap(other.clock(), *MORE))
    assert epochs(card) == 2
    card.take_out()
    card.put_in(THERE)
    end(dashboard, card)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_what_a_card_held_when_it_was_copied_counts_once_and_what_either_held_since_counts_too(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card, board = Card(tmp_path / "card"), Board(tmp_path / "board", day(9, 4))
    tapped = lived(card, dashboard)
    card.take_out()
    card.put_in(HERE, board.start(off_hours=20))
    tapped = add(tapped, hold(card, board, *FEW))
    card.take_out()
    copied = card.copy(tmp_path / "copy")

    other = Board(tmp_path / "other board", day(9, 6))
    copy = Card(copied, THERE, other.trust)
    tapped = add(tapped, hold(copy, other, *SOME))
    copy.look(other.network())
    card.put_in(HERE, board.start(off_hours=30))
    tapped = add(tapped, hold(card, board, *MORE))
    card.look(board.network())
    for each, owner in ((card, HERE), (copy, THERE)):
        each.take_out()
        each.put_in(owner)
    end(dashboard, card, copy)
    assert dashboard.sums() == dict.fromkeys(Slice, tapped)


def test_a_rewound_card_that_does_not_know_the_day_begins_anew_when_it_does(
    tmp_path: Path, dashboard: Dashboard
) -> None:
    card = Card(tmp_path / "card")
    tapped = lived(card, dashboard)
    card.take_out()
    image = card.copy(tmp_path / "image")
    card.put_in(HERE)
    gone = card.tap(day(9, 20), *MORE)
    card.look(day(10, 1))
    dashboard.talk(card.delivery)
    card.take_out()
    card.rewind(image)

    board = Board(tmp_path / "board", day(10, 20))
    card.put_in(HERE, board.trust)
    tapped = add(tapped, hold(card, board, *SOME))
    dashboard.talk(card.delivery)  # It hears that the dashboard has more than it.
    card.look(board.network())
    assert epochs(card) == 2
    card.take_out()
    card.put_in(HERE)
    end(dashboard, card)
    # What the first life had sent is there; what the second held, too.
    assert dashboard.sums() == dict.fromkeys(Slice, add(tapped, gone))
