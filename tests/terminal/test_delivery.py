"""What the courier sends next: forwards, back, and one batch at a time."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ratings import wire
from ratings.config import Release
from ratings.scale import Score
from ratings.wire import Ack, Batch
from terminal.delivery import MOST_SENDERS, SENDERS_FILE, STATE_FILE, Delivery, noticed
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from terminal.storage import StoreError
from tests.terminal.conftest import EPOCH, oslo

Open = Callable[..., Ledger]


@pytest.fixture
def ledger(open_ledger: Open) -> Ledger:
    """A card with a year of months released."""
    ledger = open_ledger()
    for month in range(1, 13):
        ledger.record("visit", Score.HAPPY, "nb", oslo(2020, month, 7, 12))
        ledger.release(oslo(2020, month, 28) + timedelta(days=5), "visit")
    return ledger


@pytest.fixture
def delivery(ledger: Ledger, tmp_path: Path) -> Delivery:
    return Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")


def last(ledger: Ledger) -> int:
    return Outbox(ledger.path.parent).epochs()[-1][1]


def heard(delivery: Delivery, upto: int, batch: Batch | None = None) -> None:
    delivery.acknowledged(Ack(EPOCH, upto, batch.batch if batch else None))


def taken(delivery: Delivery) -> Batch:
    batch = delivery.next_batch()
    assert batch is not None
    return batch


def test_nothing_is_sent_before_the_dashboard_has_said_what_it_holds(delivery: Delivery) -> None:
    assert delivery.unheard()
    assert delivery.next_batch() is None


def test_everything_goes_to_a_dashboard_that_holds_nothing(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, 0)
    batch = taken(delivery)
    assert (batch.after, batch.upto, len(batch.tables)) == (0, last(ledger), last(ledger))
    months = [wire.decode_table(raw).period for raw in batch.tables if wire.decode_table(raw).slice == "total"]
    assert months == [f"2020-{month:02}" for month in range(1, 13)]


def test_only_what_is_missing_goes_to_a_dashboard_that_holds_some(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, 5)
    assert (taken(delivery).after, len(taken_back(delivery).tables)) == (5, last(ledger) - 5)


def taken_back(delivery: Delivery) -> Batch:
    """The batch in flight."""
    assert delivery.in_flight is not None
    return delivery.in_flight


def test_one_batch_is_in_flight_at_a_time(delivery: Delivery) -> None:
    heard(delivery, 0)
    taken(delivery)
    assert delivery.next_batch() is None


def test_an_acknowledged_end_leaves_nothing_due(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, 0)
    heard(delivery, last(ledger), taken(delivery))
    assert delivery.in_flight is None
    assert not delivery.is_due()


def test_a_dashboard_that_lost_its_database_gets_all_of_it_again(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, last(ledger))
    assert not delivery.is_due()
    heard(delivery, 0)
    assert (taken(delivery).after, taken_back(delivery).upto) == (0, last(ledger))


def test_an_answer_to_the_status_does_not_end_the_wait_for_the_batchs_own(delivery: Delivery) -> None:
    heard(delivery, 0)
    batch = taken(delivery)
    heard(delivery, 0)
    assert delivery.in_flight == batch


def test_a_batch_beyond_what_the_dashboard_holds_is_given_up_for_an_earlier_one(
    delivery: Delivery, ledger: Ledger
) -> None:
    heard(delivery, last(ledger) - 1)
    taken(delivery)
    heard(delivery, 2)
    assert taken(delivery).after == 2


def test_an_acknowledgement_beyond_the_card_does_not_stop_what_comes_later(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, last(ledger) + 100)
    assert not delivery.is_due()
    ledger.release(oslo(2021, 2, 2), "visit")
    assert taken(delivery).upto == last(ledger)


def test_an_epoch_of_another_card_is_left_alone(delivery: Delivery) -> None:
    delivery.acknowledged(Ack(str(uuid.uuid4()), 3, None))
    assert delivery.unheard()


def test_an_older_epoch_is_asked_about_and_sent_first(delivery: Delivery, open_ledger: Open, ledger: Ledger) -> None:
    ledger.close()
    moved = open_ledger(zone=ZoneInfo("America/Bogota"))
    moved.release(oslo(2021, 3, 2), "visit")
    delivery.acknowledged(Ack(moved.epoch, 0, None))
    asked = taken(delivery)
    assert (asked.epoch, asked.after, asked.upto, asked.tables) == (EPOCH, 2**53, 2**53, []), "it moves nothing"
    heard(delivery, 0)
    assert taken(delivery).epoch == EPOCH


def test_many_tables_are_parted_into_batches_of_one_payload(open_ledger: Open, tmp_path: Path) -> None:
    ledger = open_ledger(mode="live")
    ledger.connection.execute("BEGIN")
    ledger.connection.executemany(
        "INSERT INTO outbox.released VALUES (?, ?, 'visit', 'total', ?, ?)",
        [(EPOCH, n, f"{n}", b'["visit","total","2020-01",{"counted":[%d,2,3,4]}]' % n) for n in range(1, 5001)],
    )
    ledger.connection.execute("COMMIT")
    delivery = Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")
    heard(delivery, 0)
    sent = 0
    while (batch := delivery.next_batch()) is not None:
        assert len(wire.encode(batch)) <= wire.MOST_BYTES
        assert batch.after == sent
        sent = batch.upto
        heard(delivery, sent, batch)
    assert sent == 5000


def test_what_was_acknowledged_is_kept_for_the_kiosk_to_read_and_a_damaged_note_does_no_harm(
    delivery: Delivery, ledger: Ledger, tmp_path: Path
) -> None:
    heard(delivery, 3)
    note = tmp_path / "state" / STATE_FILE
    assert msgspec.json.decode(note.read_bytes()) == {EPOCH: 3}
    note.write_bytes(b"{half a no")
    again = Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")
    heard(again, 0)
    assert taken(again).after == 0


def test_a_folder_that_cannot_be_written_costs_no_rating(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    delivery = Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")
    heard(delivery, 0)
    assert taken(delivery).upto == last(ledger)


def test_the_status_has_nothing_that_moves_with_a_tap(delivery: Delivery, ledger: Ledger) -> None:
    before = wire.encode(delivery.status())
    for number in range(20):
        ledger.record("visit", Score(number % 4), "th", oslo(2021, 1, 15, 12))
    assert wire.encode(delivery.status()) == before


def test_a_store_that_is_not_there_yet_is_said(tmp_path: Path) -> None:
    delivery = Delivery(Outbox(tmp_path), tmp_path / "state", Release(), "1.0")
    with pytest.raises(StoreError, match=r"released\.db: cannot be opened"):
        delivery.status()


def test_what_another_life_brought_proves_nothing_and_everything_is_sent_again(
    delivery: Delivery, ledger: Ledger, tmp_path: Path
) -> None:
    heard(delivery, 0)
    heard(delivery, last(ledger), taken(delivery))
    assert not delivery.is_due()
    delivery.acknowledged(Ack(EPOCH, last(ledger), str(uuid.uuid4())))
    assert (taken(delivery).after, taken_back(delivery).upto) == (0, last(ledger))
    assert noticed(tmp_path / "state") == {EPOCH: last(ledger)}
    heard(delivery, last(ledger), taken_back(delivery))
    assert not delivery.is_due()


def test_a_batch_of_an_earlier_start_is_known_as_our_own(delivery: Delivery, ledger: Ledger, tmp_path: Path) -> None:
    heard(delivery, 0)
    batch = taken(delivery)
    heard(delivery, last(ledger), batch)
    again = Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")
    heard(again, last(ledger), batch)
    assert not again.is_due()
    assert noticed(tmp_path / "state") == {}


def test_what_a_start_sent_after_an_image_of_its_card_was_taken_is_another_lifes(
    delivery: Delivery, ledger: Ledger, tmp_path: Path
) -> None:
    heard(delivery, 0)
    taken(delivery)
    shutil.copytree(tmp_path / "state", tmp_path / "image")
    delivery.give_up()
    later = taken(delivery)
    again = Delivery(Outbox(ledger.path.parent), tmp_path / "image", Release(), "1.0")
    heard(again, last(ledger), later)
    assert noticed(tmp_path / "image") == {EPOCH: last(ledger)}
    assert taken(again).after == 0


def test_a_number_that_another_life_moved_hides_none_of_our_tables(delivery: Delivery, ledger: Ledger) -> None:
    heard(delivery, 0)
    batch = taken(delivery)
    heard(delivery, 5)  # To a status: somebody else has brought five.
    heard(delivery, last(ledger) + 3, batch)
    ledger.release(oslo(2021, 2, 2), "visit")
    delivery.restart()
    heard(delivery, last(ledger), batch)
    assert taken(delivery).after == batch.upto


def test_no_more_starts_of_the_courier_are_remembered_than_allowed(ledger: Ledger, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / SENDERS_FILE).write_bytes(msgspec.json.encode({f"{number:024}": 1 for number in range(MOST_SENDERS)}))
    delivery = Delivery(Outbox(ledger.path.parent), state, Release(), "1.0")
    heard(delivery, 0)
    kept = list(msgspec.json.decode((state / SENDERS_FILE).read_bytes())) if taken(delivery) else []
    assert len(kept) == MOST_SENDERS
    assert kept[-1] == taken_back(delivery).batch[:24]
