"""The follow-up question in the ledger: every rating is skipped at first, and a choice moves it, if it still can."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings.config import Release
from ratings.scale import MAX_COUNT, Counts, Score
from ratings.table import Revision, Slice
from ratings.wire import decode_table
from terminal.ledger import Ledger, Pending
from terminal.outbox import Outbox
from terminal.storage import JOURNAL_BYTES, StoreError, journal_of
from tests.terminal.conftest import EPOCH, OSLO, oslo

Open = Callable[..., Ledger]

REASONS = ["waiting", "staff", "help"]
NOON = oslo(2020, 9, 7, 12)


def running(ledger: Ledger) -> dict[str, Counts]:
    """What is counted by reason in the periods that run."""
    found: dict[str, Counts] = {}
    for question, slice_, _, text in ledger.cells.running(ledger.epoch):
        if slice_ is Slice.REASON:
            cells = ledger.cells.read(ledger.epoch, question, slice_, text)
            found |= {f"{text} {key}": counts for key, counts in cells.items()}
    return found


def released(ledger: Ledger) -> dict[str, dict[str, Counts]]:
    """What the courier would carry of the reasons, by question and period."""
    tables = [decode_table(raw) for _, raw in Outbox(ledger.path.parent).pending(EPOCH, Revision(0))]
    return {f"{table.question} {table.period}": table.cells for table in tables if table.slice is Slice.REASON}


def rate(ledger: Ledger, score: Score = Score.HAPPY, moment: datetime = NOON, question: str = "visit") -> Pending:
    pending = ledger.record(question, score, "nb", moment)
    assert pending is not None
    return pending


def test_a_rating_is_skipped_until_its_visitor_chooses(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    assert running(ledger) == {"2020-Q3 skipped": (0, 0, 1, 0)}
    ledger.choose(pending, "staff")
    assert running(ledger) == {"2020-Q3 staff": (0, 0, 1, 0)}
    rate(ledger, Score.VERY_UNHAPPY)
    assert running(ledger) == {"2020-Q3 staff": (0, 0, 1, 0), "2020-Q3 skipped": (1, 0, 0, 0)}


def test_without_reasons_none_is_counted(open_ledger: Open) -> None:
    ledger = open_ledger()
    assert ledger.record("visit", Score.HAPPY, "nb", NOON) is None
    ledger.release(oslo(2021, 1, 1), "visit")
    assert (running(ledger), released(ledger)) == ({}, {})


def test_a_rating_set_aside_has_no_reason(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    assert ledger.record("visit", Score.HAPPY, "nb", NOON, repeat=True) is None
    assert running(ledger) == {}


@pytest.mark.parametrize(("grain", "period"), [("month", "2020-09"), ("quarter", "2020-Q3"), ("year", "2020")])
def test_reasons_are_counted_by_the_period_that_is_set(open_ledger: Open, grain: str, period: str) -> None:
    ledger = open_ledger(reasons=REASONS, reason=grain)
    ledger.choose(rate(ledger), "help")
    assert running(ledger) == {f"{period} help": (0, 0, 1, 0)}


def test_a_choice_after_midnight_counts_where_its_rating_does(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS, reason="quarter")
    pending = rate(ledger, moment=oslo(2020, 8, 31, 23, 59, 58))
    ledger.release(oslo(2020, 9, 1), "visit")
    ledger.choose(pending, "waiting")
    assert running(ledger) == {"2020-Q3 waiting": (0, 0, 1, 0)}


def test_a_choice_after_its_period_ended_but_before_it_was_released_still_counts_there(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger, moment=oslo(2020, 9, 30, 23, 59, 58))
    rate(ledger, Score.UNHAPPY, oslo(2020, 10, 1))
    ledger.choose(pending, "waiting")
    assert running(ledger) == {"2020-Q3 waiting": (0, 0, 1, 0), "2020-Q4 skipped": (0, 1, 0, 0)}


def test_a_choice_after_the_release_of_its_period_is_dropped_for_a_released_table_is_final(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger, moment=oslo(2020, 9, 30, 23, 59, 58))
    ledger.release(oslo(2020, 10, 1), "visit")
    rate(ledger, Score.HAPPY, oslo(2020, 10, 1, 0, 0, 2))
    ledger.choose(pending, "waiting")
    assert running(ledger) == {"2020-Q4 skipped": (0, 0, 1, 0)}, "another visitor's rating was moved"
    ledger.release(oslo(2021, 1, 1), "visit")
    assert released(ledger) == {"visit 2020-Q3": {"skipped": (0, 0, 1, 0)}, "visit 2020-Q4": {"skipped": (0, 0, 1, 0)}}


def test_a_choice_counts_for_the_question_that_was_asked(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger, moment=oslo(2020, 10, 31, 23, 59, 58))
    rate(ledger, moment=oslo(2020, 11, 1), question="help")
    ledger.choose(pending, "staff")
    ledger.release(oslo(2020, 11, 1), "help")
    assert released(ledger) == {"visit 2020-Q4": {"staff": (0, 0, 1, 0)}}
    ledger.choose(pending, "staff")
    assert running(ledger) == {"2020-Q4 skipped": (0, 0, 1, 0)}, "it was moved in the new question"


def test_a_choice_stays_in_its_epoch(open_ledger: Open) -> None:
    before = open_ledger(reasons=REASONS)
    pending = rate(before)
    before.close()
    moved = open_ledger(reasons=REASONS, zone=ZoneInfo("Africa/Algiers"))
    rate(moved, Score.UNHAPPY)
    moved.choose(pending, "staff")
    assert running(moved) == {"2020-Q3 skipped": (0, 1, 0, 0)}
    assert moved.cells.read(EPOCH, "visit", Slice.REASON, "2020-Q3") == {"staff": (0, 0, 1, 0)}


def test_a_choice_under_a_wrong_clock_counts_where_its_rating_does(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    ledger.release(oslo(2020, 10, 2), "visit")
    pending = rate(ledger, moment=oslo(1970, 1, 1))
    ledger.choose(pending, "staff")
    assert running(ledger) == {"2020-Q4 staff": (0, 0, 1, 0)}


def test_nothing_is_moved_that_is_not_there(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    rate(ledger, Score.UNHAPPY)
    ledger.choose(pending, "staff")
    ledger.choose(pending, "help")
    assert running(ledger) == {"2020-Q3 skipped": (0, 1, 0, 0), "2020-Q3 staff": (0, 0, 1, 0)}


def test_a_reason_that_is_not_configured_is_refused_and_the_rating_stays_skipped(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    with pytest.raises(StoreError, match=r"'food' is not counted by reason\. Add it to the reasons"):
        ledger.choose(pending, "food")
    assert running(ledger) == {"2020-Q3 skipped": (0, 0, 1, 0)}


def test_a_full_counter_moves_nothing(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    full = MAX_COUNT.to_bytes(4, "big") * 4
    ledger.connection.execute("UPDATE cell SET counts=? WHERE slice='reason' AND key='staff'", (full,))
    with pytest.raises(StoreError, match="a counter is full"):
        ledger.choose(pending, "staff")
    assert running(ledger)["2020-Q3 skipped"] == (0, 0, 1, 0)


def test_a_reason_that_is_added_gets_its_cell_and_one_that_is_removed_stays_counted(open_ledger: Open) -> None:
    first = open_ledger(reasons=["waiting", "staff"])
    first.choose(rate(first), "staff")
    first.close()
    second = open_ledger(reasons=["waiting", "food"])
    second.choose(rate(second), "food")
    assert running(second) == {"2020-Q3 staff": (0, 0, 1, 0), "2020-Q3 food": (0, 0, 1, 0)}
    second.close()
    without = open_ledger()
    assert without.record("visit", Score.HAPPY, "nb", NOON) is None
    without.release(oslo(2020, 10, 1), "visit")
    assert {key: sum(counts) for key, counts in released(without)["visit 2020-Q3"].items()} == {"other": 2}


def test_small_reasons_are_pooled_before_they_leave(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    for number in range(20):
        pending = rate(ledger, Score(number % 4))
        if number < 7:
            ledger.choose(pending, "waiting")
        elif number < 10:
            ledger.choose(pending, "staff")
    ledger.release(oslo(2020, 10, 1), "visit")
    assert {key: sum(counts) for key, counts in released(ledger)["visit 2020-Q3"].items()} == {
        "skipped": 10,
        "other": 10,  # Three of `staff`, and `waiting`, the next smallest, so that they do not stand alone.
    }


def test_live_release_carries_a_choice_though_the_number_of_ratings_is_the_same(open_ledger: Open) -> None:
    ledger = open_ledger(mode="live", reasons=REASONS)
    pending = rate(ledger)
    ledger.release(NOON, "visit")
    assert released(ledger) == {"visit 2020-Q3": {"skipped": (0, 0, 1, 0)}}
    last = Outbox(ledger.path.parent).pending(EPOCH, Revision(0))[-1][0]
    ledger.choose(pending, "staff")
    assert ledger.release(NOON, "visit") == 1
    assert released(ledger) == {"visit 2020-Q3": {"staff": (0, 0, 1, 0)}}
    assert Outbox(ledger.path.parent).pending(EPOCH, Revision(0))[-1][0] == last + 1


visits = st.lists(
    st.tuples(
        st.sampled_from(Score),
        st.sampled_from([*REASONS, None]),
        st.integers(0, 91 * 24 - 1).map(lambda hours: oslo(2020, 7, 1) + timedelta(hours=hours)),
    ),
    max_size=25,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(visits, st.randoms(use_true_random=False), st.booleans())
def test_the_same_taps_and_choices_in_any_order_leave_the_same_bytes(
    given_visits: list[tuple[Score, str | None, datetime]], order: random.Random, also_released: bool
) -> None:
    files = []
    for _ in range(2):
        order.shuffle(given_visits)
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Ledger.open(Path(folder), Release(), OSLO, ["nb"], REASONS, EPOCH)) as ledger,
        ):
            late: list[tuple[Pending, str]] = []
            for score, reason, moment in given_visits:
                pending = rate(ledger, score, moment)
                if order.random() < 0.5:
                    ledger.tidy()
                if reason is not None:
                    late.append((pending, reason))
                    order.shuffle(late)
                if late and order.random() < 0.7:
                    ledger.choose(*late.pop())
                    ledger.tidy()
            for each in late:
                ledger.choose(*each)
            ledger.tidy()
            if also_released:
                ledger.release(oslo(2020, 9, 15), "visit")
            files.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
    assert files[0] == files[1]


def test_the_journal_is_wiped_after_a_choice_as_after_a_tap(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    ledger.tidy()
    ledger.choose(pending, "staff")
    assert any(journal_of(ledger.path).read_bytes()), "the test looks at the wrong file: a commit writes the journal"
    ledger.tidy()
    assert journal_of(ledger.path).read_bytes() == bytes(JOURNAL_BYTES)


def test_a_choice_touches_no_file_but_the_ledger_and_its_journal(open_ledger: Open) -> None:
    ledger = open_ledger(reasons=REASONS)
    ledger.release(NOON, "visit")
    folder = ledger.path.parent
    pending = rate(ledger)
    ledger.tidy()
    before = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    ledger.choose(pending, "staff")
    ledger.tidy()
    after = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    assert {name for name in after if after[name] != before.get(name)} == {"open.db", "open.db-journal"}


def test_a_choice_that_cannot_be_put_on_the_disk_leaves_the_rating_skipped(
    open_ledger: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.storage.BUSY_SECONDS", 0.05)
    ledger = open_ledger(reasons=REASONS)
    pending = rate(ledger)
    browser = sqlite3.connect(ledger.path, isolation_level=None)
    browser.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another program"):
        ledger.choose(pending, "staff")
    browser.execute("ROLLBACK")
    browser.close()
    assert running(ledger) == {"2020-Q3 skipped": (0, 0, 1, 0)}
    rate(ledger)
    assert running(ledger) == {"2020-Q3 skipped": (0, 0, 2, 0)}


_VISITOR = """
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from ratings.config import Release
from ratings.scale import Score
from terminal.ledger import Ledger
oslo = ZoneInfo("Europe/Oslo")
ledger = Ledger.open(Path(sys.argv[1]), Release(), oslo, ["nb"], ["waiting", "staff"])
for number in range(100_000):
    pending = ledger.record("visit", Score(number % 4), "nb", datetime(2020, 9, 7, 12, tzinfo=oslo))
    print("rated", flush=True)
    ledger.choose(pending, "staff")
    print("chosen", flush=True)
    ledger.tidy()
"""


@pytest.mark.parametrize("kill_after", [1, 2, 5, 8])
def test_a_kiosk_killed_between_rating_and_choice_leaves_the_rating_skipped(tmp_path: Path, kill_after: int) -> None:
    kiosk = subprocess.Popen([sys.executable, "-c", _VISITOR, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert kiosk.stdout is not None
    told = [kiosk.stdout.readline() for _ in range(kill_after)]
    kiosk.send_signal(signal.SIGKILL)
    told += kiosk.stdout.readlines()  # What it got done before the kill reached it.
    kiosk.wait(10)
    kiosk.stdout.close()
    rated, chosen = told.count("rated\n"), told.count("chosen\n")
    ledger = Ledger.open(tmp_path, Release(), OSLO, ["nb"], ["waiting", "staff"])
    found = {key.removeprefix("2020-Q3 "): sum(counts) for key, counts in running(ledger).items()}
    total = ledger.cells.read(ledger.epoch, "visit", Slice.TOTAL, "2020-09")["counted"]
    reasons = [ledger.cells.read(ledger.epoch, "visit", Slice.REASON, "2020-Q3")]
    ledger.close()
    assert rated >= 1
    # What was under way when the kill came may be on the disk, or may not: one rating, or one choice.
    assert rated <= sum(total) <= rated + 1
    assert chosen <= found.get("staff", 0) <= chosen + 1
    assert tuple(map(sum, zip(*reasons[0].values(), strict=True))) == total, "the books do not balance"
