"""What a tap leaves on the card: counts, on the disk before the thank-you, and nothing about order or time."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings.config import Release
from ratings.scale import Score
from ratings.table import Revision, Slice
from ratings.wire import decode_table
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from terminal.storage import JOURNAL_BYTES, StoreError, journal_of
from tests.terminal.conftest import EPOCH, OSLO, oslo

Open = Callable[..., Ledger]

taps = st.lists(
    st.tuples(
        st.sampled_from(Score),
        st.sampled_from(["nb", "en", "th", None]),
        st.integers(0, 91 * 24 - 1).map(lambda hours: oslo(2020, 7, 1) + timedelta(hours=hours)),
    ),
    max_size=25,
)


def counted(ledger: Ledger, slice_: Slice) -> dict[str, tuple[int, int, int, int]]:
    """All cells of a slice, over its running periods."""
    found: dict[str, tuple[int, int, int, int]] = {}
    for question, each, _, text in ledger.cells.running(ledger.epoch):
        if each is slice_:
            cells = ledger.cells.read(ledger.epoch, question, slice_, text)
            found |= {f"{text} {key}": counts for key, counts in cells.items()}
    return found


def released(ledger: Ledger) -> list[str]:
    """The slice and period of each table in the outbox."""
    tables = [decode_table(raw) for _, raw in Outbox(ledger.path.parent).pending(ledger.epoch, Revision(0))]
    return [f"{table.slice} {table.period}" for table in tables]


def test_a_rating_adds_one_to_each_slice(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "th", oslo(2020, 9, 7, 14, 30))
    assert counted(ledger, Slice.TOTAL) == {"2020-09 counted": (0, 0, 1, 0)}
    assert counted(ledger, Slice.TREND) == {"2020-09-07/2020-09-13 counted": (0, 0, 1, 0)}
    assert counted(ledger, Slice.LANGUAGE) == {"2020-Q3 th": (0, 0, 1, 0)}
    assert counted(ledger, Slice.HOUR) == {"2020-Q3 1-14": (0, 0, 1, 0)}


def test_no_language_touched_counts_as_unchosen(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.VERY_UNHAPPY, None, oslo(2020, 9, 7, 14))
    assert counted(ledger, Slice.LANGUAGE) == {"2020-Q3 unchosen": (1, 0, 0, 0)}


def test_a_repeat_is_kept_apart_and_in_no_other_slice(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.VERY_HAPPY, "nb", oslo(2020, 9, 7, 14), repeat=True)
    assert counted(ledger, Slice.TOTAL) == {"2020-09 repeat": (0, 0, 0, 1)}
    assert not counted(ledger, Slice.TREND)
    assert not counted(ledger, Slice.HOUR)


def test_the_hour_is_the_local_one_on_both_sides_of_daylight_saving(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, None, datetime.fromisoformat("2020-10-25T00:30:00+00:00"))  # 02:30 summer
    ledger.record("visit", Score.HAPPY, None, datetime.fromisoformat("2020-10-25T01:30:00+00:00"))  # 02:30 winter
    assert counted(ledger, Slice.HOUR) == {"2020-Q4 7-2": (0, 0, 2, 0)}


def test_what_was_counted_is_there_after_opening_again(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "en", oslo(2020, 9, 7, 14))
    ledger.close()
    assert counted(open_ledger(), Slice.LANGUAGE) == {"2020-Q3 en": (0, 0, 1, 0)}


def test_a_language_added_in_the_middle_of_a_quarter_is_counted(open_ledger: Open, tmp_path: Path) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "en", oslo(2020, 9, 7, 14))
    ledger.close()
    wider = Ledger.open(tmp_path / "card", Release(), OSLO, ["nb", "en", "th", "ro"])
    wider.record("visit", Score.HAPPY, "ro", oslo(2020, 9, 8, 14))
    assert counted(wider, Slice.LANGUAGE) == {"2020-Q3 en": (0, 0, 1, 0), "2020-Q3 ro": (0, 0, 1, 0)}
    wider.close()


def test_a_language_that_is_not_configured_is_refused_whole(open_ledger: Open) -> None:
    ledger = open_ledger()
    with pytest.raises(StoreError, match="Add it to the languages"):
        ledger.record("visit", Score.HAPPY, "xx", oslo(2020, 9, 7, 14))
    assert not counted(ledger, Slice.TOTAL), "half a rating was counted"


def test_a_language_added_while_it_runs_is_counted_and_one_that_is_gone_keeps_what_it_has(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "th", oslo(2020, 9, 7, 14))
    ledger.configure(["nb", "ro"])
    ledger.record("visit", Score.UNHAPPY, "ro", oslo(2020, 9, 7, 14))
    assert counted(ledger, Slice.LANGUAGE) == {"2020-Q3 ro": (0, 1, 0, 0), "2020-Q3 th": (0, 0, 1, 0)}
    with pytest.raises(StoreError, match="not counted by language"):
        ledger.record("visit", Score.HAPPY, "bg", oslo(2020, 9, 7, 14))
    ledger.release(oslo(2020, 10, 1), "visit")
    ledger.record("visit", Score.HAPPY, "ro", oslo(2020, 10, 1, 14))
    assert counted(ledger, Slice.LANGUAGE) == {"2020-Q4 ro": (0, 0, 1, 0)}


def test_reasons_begin_and_end_while_it_runs_and_nothing_of_them_is_lost(open_ledger: Open) -> None:
    ledger = open_ledger()
    day = oslo(2020, 9, 7, 14)
    assert ledger.record("visit", Score.HAPPY, "nb", day) is None, "no reasons, none to choose"
    ledger.configure(["nb"], ["staff"])
    for reason in ("staff", None):
        pending = ledger.record("visit", Score.HAPPY, "nb", day)
        assert pending is not None
        if reason:
            ledger.choose(pending, reason)
    ledger.configure(["nb"], ["place"])
    pending = ledger.record("visit", Score.UNHAPPY, "nb", day)
    assert pending is not None
    ledger.choose(pending, "place")
    ledger.configure(["nb"])
    assert ledger.record("visit", Score.HAPPY, "nb", day) is None
    assert counted(ledger, Slice.REASON) == {
        "2020-Q3 staff": (0, 0, 1, 0),
        "2020-Q3 skipped": (0, 0, 1, 0),
        "2020-Q3 place": (0, 1, 0, 0),
    }
    assert counted(ledger, Slice.TOTAL) == {"2020-09 counted": (0, 1, 4, 0)}
    ledger.release(oslo(2020, 10, 1), "visit")
    assert not counted(ledger, Slice.REASON)
    assert [each for each in released(ledger) if each.startswith("reason")] == ["reason 2020-Q3"]


def test_new_keys_on_a_card_that_is_full_change_nothing(open_ledger: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "th", oslo(2020, 9, 7, 14))
    ledger.connection.execute("PRAGMA main.max_page_count=1")  # SQLite takes the pages that there are.
    languages = [f"aa-x{number:06}" for number in range(500)]
    with pytest.raises(StoreError, match="no space left"):
        ledger.configure(languages)
    ledger.record("visit", Score.HAPPY, "th", oslo(2020, 9, 7, 15))
    ledger.connection.execute("PRAGMA main.max_page_count=1000000")
    ledger.configure(languages)
    ledger.record("visit", Score.HAPPY, languages[-1], oslo(2020, 9, 7, 15))
    assert counted(ledger, Slice.LANGUAGE) == {"2020-Q3 th": (0, 0, 2, 0), f"2020-Q3 {languages[-1]}": (0, 0, 1, 0)}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(taps, st.randoms(use_true_random=False))
def test_taps_shuffled_around_new_languages_leave_the_same_bytes(
    given_taps: list[tuple[Score, str | None, datetime]], order: random.Random
) -> None:
    files = []
    for _ in range(2):
        order.shuffle(given_taps)
        changed = order.randint(0, len(given_taps))
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Ledger.open(Path(folder), Release(), OSLO, ["nb", "en", "th"], epoch=EPOCH)) as ledger,
        ):
            ledger.release(oslo(2020, 7, 1), "visit")
            for number in range(len(given_taps) + 1):
                if number == changed:
                    ledger.configure(["th", "ro", "nb", "en"])
                if number < len(given_taps):
                    score, language, moment = given_taps[number]
                    ledger.record("visit", score, language, moment)
            ledger.tidy()
            files.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
    assert files[0] == files[1]


def test_taps_and_reasons_shuffled_within_what_was_asked_leave_the_same_bytes(tmp_path: Path) -> None:
    order = random.Random(7)
    asked: list[tuple[list[str], list[str | None]]]
    asked = [([], [None] * 5), (["staff", "help"], ["staff", "help", None] * 3), (["place"], ["place", None] * 2)]
    files = []
    for run in range(3):
        ledger = Ledger.open(tmp_path / str(run), Release(), OSLO, ["nb"], epoch=EPOCH)
        moment = oslo(2020, 9, 7, 14)
        for reasons, chosen in asked:
            ledger.configure(["nb"], reasons)
            ledger.release(moment, "visit")  # As the kiosk does.
            order.shuffle(chosen)
            for reason in chosen:
                pending = ledger.record("visit", Score.HAPPY, "nb", moment)
                if reason:
                    assert pending is not None
                    ledger.choose(pending, reason)
        ledger.tidy()
        files.append({path.name: path.read_bytes() for path in (tmp_path / str(run)).iterdir()})
        ledger.close()
    assert files[0] == files[1] == files[2]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(taps, st.randoms(use_true_random=False), st.booleans())
def test_the_same_taps_in_any_order_leave_the_same_bytes(
    given_taps: list[tuple[Score, str | None, datetime]], order: random.Random, released: bool
) -> None:
    files = []
    for _ in range(2):
        order.shuffle(given_taps)
        with (
            tempfile.TemporaryDirectory() as folder,
            # Closed even where hypothesis gives up an example in the middle.
            closing(Ledger.open(Path(folder), Release(), OSLO, ["nb", "en", "th"], epoch=EPOCH)) as ledger,
        ):
            for score, language, moment in given_taps:
                ledger.record("visit", score, language, moment)
                if order.random() < 0.3:
                    ledger.tidy()
            ledger.tidy()
            if released:
                ledger.release(oslo(2020, 9, 15), "visit")
            files.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
    assert files[0] == files[1]


def test_taps_shuffled_within_each_day_leave_the_same_bytes_through_releases(tmp_path: Path) -> None:
    order = random.Random(7)
    days = [[(order.choice(list(Score)), order.choice(["nb", None])) for _ in range(4)] for _ in range(40)]
    files = []
    for run in range(3):
        ledger = Ledger.open(tmp_path / str(run), Release(trend="day"), OSLO, ["nb"], epoch=EPOCH)
        for number, day in enumerate(days):
            morning = oslo(2020, 9, 1, 9) + timedelta(days=number)
            ledger.release(morning, "visit")
            order.shuffle(day)
            for score, language in day:
                ledger.record("visit", score, language, morning)
                ledger.tidy()
        files.append({path.name: path.read_bytes() for path in (tmp_path / str(run)).iterdir()})
        ledger.close()
    assert files[0] == files[1] == files[2]
    assert files[0]["released.db"] != b""


def test_the_journal_is_zero_and_of_one_length_whenever_the_terminal_rests(open_ledger: Open) -> None:
    ledger = open_ledger()
    for number in range(12):
        ledger.record("visit", Score(number % 4), "nb", oslo(2020, 9, 7, 14))
        held = journal_of(ledger.path).read_bytes()
        assert any(held), "the test looks at the wrong file: a commit writes the journal"
        ledger.tidy()
        assert journal_of(ledger.path).read_bytes() == bytes(JOURNAL_BYTES)
    ledger.release(oslo(2021, 1, 1), "visit")
    assert journal_of(ledger.path).read_bytes() == bytes(JOURNAL_BYTES)
    assert journal_of(ledger.released_path).read_bytes() == bytes(JOURNAL_BYTES)


def test_a_journal_that_has_grown_is_as_long_again_as_any_other(open_ledger: Open) -> None:
    """As after a release of much at once: else its length would tell how much that was."""
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    os.truncate(journal_of(ledger.path), 3 * JOURNAL_BYTES)
    ledger.tidy()
    assert journal_of(ledger.path).read_bytes() == bytes(JOURNAL_BYTES)


def test_both_files_are_kept_as_their_bytes_have_to_be(open_ledger: Open) -> None:
    """Durable when it is said, nothing left of what was deleted, no page moved, no file beside them."""
    connection = open_ledger().connection
    wanted = {"synchronous": 2, "secure_delete": 1, "auto_vacuum": 0, "journal_mode": "persist"}
    for name in ("main", "outbox"):
        found = {each: connection.execute(f"PRAGMA {name}.{each}").fetchone()[0] for each in wanted}
        assert found == wanted, name
    assert connection.execute("PRAGMA temp_store").fetchone()[0] == 2


def test_a_tap_touches_no_file_but_the_ledger_and_its_journal(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.release(oslo(2020, 9, 7), "visit")
    folder = ledger.path.parent
    before = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    ledger.tidy()
    after = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"open.db", "open.db-journal"}


def test_an_interrupted_commit_is_undone_at_start_and_its_journal_wiped(open_ledger: Open, tmp_path: Path) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    ledger.tidy()
    # A commit in the middle: the journal is on the disk, the database is half changed, and the power goes.
    half = sqlite3.connect(ledger.path, isolation_level=None)
    half.execute("PRAGMA journal_mode=PERSIST")
    half.execute("PRAGMA cache_size=1")
    half.execute("BEGIN")
    half.execute("UPDATE cell SET counts=x'00000009000000090000000900000009'")
    shutil.copytree(ledger.path.parent, tmp_path / "after the cut")
    half.execute("ROLLBACK")
    half.close()
    assert any(journal_of(tmp_path / "after the cut" / "open.db").read_bytes()), "the cut came too early"
    again = open_ledger("after the cut")
    assert counted(again, Slice.TOTAL) == {"2020-09 counted": (0, 0, 1, 0)}
    assert journal_of(again.path).read_bytes() == bytes(JOURNAL_BYTES)


_TAPPER = """
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from ratings.config import Release
from ratings.scale import Score
from terminal.ledger import Ledger
oslo = ZoneInfo("Europe/Oslo")
ledger = Ledger.open(Path(sys.argv[1]), Release(), oslo, ["nb"])
number = 0
while True:
    # Every fourth tap is in a new month, so that kills hit releases as well.
    moment = datetime(2020 + number // 48, number // 4 % 12 + 1, 7, 14, tzinfo=oslo)
    if number % 4 == 0:
        ledger.release(moment, "visit")
    ledger.record("visit", Score(number % 4), "nb", moment)
    number += 1
    print(number, flush=True)
    ledger.tidy()
"""


@pytest.mark.parametrize("kill_after", [1, 4, 5, 8, 13, 21])
def test_a_killed_kiosk_loses_nothing_that_was_thanked_for_and_doubles_nothing(tmp_path: Path, kill_after: int) -> None:
    kiosk = subprocess.Popen([sys.executable, "-c", _TAPPER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert kiosk.stdout is not None
    for _ in range(kill_after):
        assert kiosk.stdout.readline()
    kiosk.send_signal(signal.SIGKILL)
    thanked = kill_after + len(kiosk.stdout.readlines())  # What it had thanked for before the kill reached it.
    kiosk.wait(10)
    kiosk.stdout.close()
    ledger = Ledger.open(tmp_path, Release(), OSLO, ["nb"])
    kept = [*counted(ledger, Slice.TOTAL).values()]
    for _, raw in Outbox(tmp_path).pending(ledger.epoch, Revision(0)):
        table = decode_table(raw)
        if table.slice is Slice.TOTAL:
            kept.append(table.counted)
    ledger.close()
    assert thanked <= sum(map(sum, kept)) <= thanked + 1


def test_a_second_kiosk_on_one_store_is_told_so(open_ledger: Open) -> None:
    open_ledger()
    with pytest.raises(StoreError, match=r"another kiosk is running on this store\. Stop it first"):
        open_ledger()


def test_a_store_locked_by_another_program_counts_nothing_and_goes_on_afterwards(
    open_ledger: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.storage.BUSY_SECONDS", 0.05)
    ledger = open_ledger()
    ledger.release(oslo(2020, 9, 7), "visit")
    browser = sqlite3.connect(ledger.path, isolation_level=None)
    browser.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another program"):
        ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    browser.execute("ROLLBACK")
    browser.close()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    assert counted(ledger, Slice.TOTAL) == {"2020-09 counted": (0, 0, 1, 0)}


@pytest.mark.parametrize("name", ["open.db", "released.db"])
def test_a_damaged_file_is_left_as_it_is_and_said(open_ledger: Open, tmp_path: Path, name: str) -> None:
    open_ledger().close()
    damaged = tmp_path / "card" / name
    damaged.write_bytes(b"not a database, but somebody's ratings" * 200)
    with pytest.raises(StoreError, match=f"{name}: damaged. Nothing was changed"):
        open_ledger()
    assert damaged.read_bytes() == b"not a database, but somebody's ratings" * 200


@pytest.mark.parametrize("name", ["open.db", "released.db"])
def test_a_missing_half_of_the_store_is_never_replaced_by_an_empty_one(
    open_ledger: Open, tmp_path: Path, name: str
) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    ledger.close()
    (tmp_path / "card" / name).rename(tmp_path / name)
    with pytest.raises(StoreError, match=f"{name}: missing or empty"):
        open_ledger()
    (tmp_path / name).rename(tmp_path / "card" / name)
    assert counted(open_ledger(), Slice.TOTAL) == {"2020-09 counted": (0, 0, 1, 0)}


def test_a_full_card_still_counts_in_periods_that_run_and_says_when_a_new_one_has_no_room(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    ledger.tidy()
    pages = ledger.connection.execute("PRAGMA main.page_count").fetchone()[0]
    ledger.connection.execute(f"PRAGMA main.max_page_count={pages}")
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 8, 14))
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 30, 14))
    with pytest.raises(StoreError, match="no space left"):
        ledger.release(oslo(2020, 10, 1), "another-question")
    total = counted(ledger, Slice.TOTAL)
    assert total["2020-09 counted"] == (0, 0, 3, 0)


def test_a_full_counter_is_refused_and_nothing_else_is_counted(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    ledger.connection.execute("UPDATE cell SET counts=? WHERE slice='hour'", (b"\xff" * 16,))
    with pytest.raises(StoreError, match="a counter is full"):
        ledger.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 7, 14))
    assert counted(ledger, Slice.TOTAL) == {"2020-09 counted": (0, 0, 1, 0)}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Ledger.open(tmp_path / "file" / "store", Release(), OSLO, ["nb"])
