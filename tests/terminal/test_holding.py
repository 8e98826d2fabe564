"""Taps under a clock that is not known to be right: kept apart, counted where they belong, never lost or doubled."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings.config import Release
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import COUNTED, REPEAT, SKIPPED, Revision, Slice, Table
from ratings.wire import decode_table
from terminal.cells import EARLIER, HELD
from terminal.ledger import ClockError, Ledger
from terminal.outbox import Outbox
from terminal.storage import JOURNAL_BYTES, StoreError, journal_of
from tests.terminal.board import Board
from tests.terminal.conftest import EPOCH, OSLO, oslo

Put = Callable[[Board], Ledger]

REASONS = ["waiting", "staff"]
SEPTEMBER = oslo(2026, 9, 16, 11)


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Put]:
    """Puts the one card into a board: a new process of the kiosk, the one before it being gone."""
    opened: list[Ledger] = []

    def close() -> None:
        while opened:
            with contextlib.suppress(OSError):  # Closed by the test itself.
                opened.pop().close()

    def put_in(board: Board, **wishes: object) -> Ledger:
        close()
        opened.append(open_card(tmp_path / "card", board, **wishes))
        return opened[-1]

    yield put_in
    close()


def open_card(folder: Path, board: Board, **wishes: object) -> Ledger:
    epoch = None if folder.exists() else EPOCH
    release = Release(**wishes)  # type: ignore[arg-type]
    return Ledger.open(folder, release, OSLO, ["nb", "th"], REASONS, epoch, trust=board.trust)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "board", SEPTEMBER)


def look(ledger: Ledger, board: Board) -> bool:
    """What the kiosk does at its start, every day, and once a minute while it does not know the day."""
    try:
        ledger.release(board.clock(), "visit")
    except ClockError:
        return False
    return True


def tap(ledger: Ledger, board: Board, score: Score = Score.HAPPY, language: str | None = "nb") -> None:
    ledger.record("visit", score, language, board.clock())


def running(ledger: Ledger) -> dict[str, Counts]:
    """All cells of the periods that run, as `slice period key`."""
    found: dict[str, Counts] = {}
    for epoch in ledger.epochs():
        for question, slice_, _, text in ledger.cells.running(epoch):
            for key, counts in ledger.cells.read(epoch, question, slice_, text).items():
                found[f"{slice_} {text} {key}"] = counts
    return found


def held(ledger: Ledger, which: str = HELD) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for epoch, question in ledger.cells.held(which):
        for slice_ in Slice:
            for key, counts in ledger.cells.read(epoch, question, slice_, which).items():
                found[f"{slice_} {key}"] = counts
    return found


def released(ledger: Ledger) -> list[Table]:
    outbox = Outbox(ledger.path.parent)
    return [decode_table(raw) for epoch, _ in outbox.epochs() for _, raw in outbox.pending(epoch, Revision(0))]


def all_counted(ledger: Ledger) -> dict[Slice, Counts]:
    """By slice, everything on the card that enters a percentage, wherever it is."""
    found = dict.fromkeys(Slice, ZERO)
    for table in released(ledger):
        found[table.slice] = add(found[table.slice], table.counted)
    for place, counts in running(ledger).items():
        slice_, _, key = place.split()
        if key != REPEAT:
            found[Slice(slice_)] = add(found[Slice(slice_)], counts)
    for which in (HELD, EARLIER):
        kept = held(ledger, which)
        for slice_ in Slice:
            key = "total counted" if slice_ in (Slice.TREND, Slice.HOUR) else str(slice_)
            more = [counts for place, counts in kept.items() if place.startswith(key) and not place.endswith(REPEAT)]
            found[slice_] = add(found[slice_], *more)
    return found


def assumed(ledger: Ledger) -> list[str]:
    return [period for _, period in Outbox(ledger.path.parent).assumed()]


def test_while_the_clock_is_wrong_a_tap_is_held_apart_and_nothing_is_crossed(put: Put, board: Board) -> None:
    ledger = put(board)
    assert not look(ledger, board)
    tap(ledger, board, Score.UNHAPPY, "th")
    tap(ledger, board, Score.HAPPY, None)
    assert held(ledger) == {
        "total counted": (0, 1, 1, 0),
        "language th": (0, 1, 0, 0),
        "language unchosen": (0, 0, 1, 0),
        "reason skipped": (0, 1, 1, 0),
    }
    assert running(ledger) == {}


def test_when_the_clock_is_right_they_count_where_they_belong_and_no_hour_is_known(put: Put, board: Board) -> None:
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board, Score.HAPPY, "th")
    ledger.record("visit", Score.UNHAPPY, "th", board.clock(), repeat=True)
    board.after(0.5)
    board.network()
    assert look(ledger, board)
    assert running(ledger) == {
        "total 2026-09 counted": (0, 0, 1, 0),
        "total 2026-09 repeat": (0, 1, 0, 0),
        "trend 2026-09-14/2026-09-20 counted": (0, 0, 1, 0),
        "language 2026-Q3 th": (0, 0, 1, 0),
        "hour 2026-Q3 unknown": (0, 0, 1, 0),
        "reason 2026-Q3 skipped": (0, 0, 1, 0),
    }
    assert held(ledger) == {}
    tap(ledger, board)
    assert running(ledger)["hour 2026-Q3 3-11"] == (0, 0, 1, 0)
    board.after(24 * 120)
    look(ledger, board)
    assert assumed(ledger) == [], "nothing had to be assumed"


def test_1970_closes_nothing_and_says_what_to_do(put: Put, board: Board) -> None:
    board.network()
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board)
    board.start(off_hours=1)
    ledger = put(board)
    before = running(ledger)
    with pytest.raises(StoreError, match=r"not known to be right.*battery clock.*\[terminal\] clock in fjes\.toml"):
        ledger.release(board.clock(), "visit")
    assert running(ledger) == before
    assert released(ledger) == []


def test_2099_closes_nothing_though_the_network_said_so_and_the_next_right_clock_counts_it(
    put: Put, board: Board
) -> None:
    board.network()
    ledger = put(board)
    look(ledger, board)
    board.set(oslo(2099, 5, 1))
    tap(ledger, board)
    assert not look(ledger, board)
    board.after(1)
    board.network()
    assert look(ledger, board)
    assert released(ledger) == []
    assert running(ledger)["total 2026-09 counted"] == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("began", "hours", "expected", "sure"),
    [
        (oslo(2026, 9, 30, 23, 30), 1, "2026-09 2026-09-21/2026-09-30 2026-Q3", False),
        (oslo(2026, 9, 29, 23, 30), 1, "2026-09 2026-09-21/2026-09-30 2026-Q3", True),
        (oslo(2026, 8, 31, 23, 30), 1, "2026-08 2026-08-24/2026-08-31 2026-Q3", False),
        (oslo(2026, 12, 31, 12), 30, "2026-12 2026-12-28/2026-12-31 2026-Q4", False),
        (oslo(2026, 9, 6, 23, 59), 0.1, "2026-09 2026-09-01/2026-09-06 2026-Q3", False),
        # The night that has 23 hours, and the one that has 25: from 23:30 to 00:30 is an hour all the same.
        (oslo(2026, 3, 28, 23, 30), 1, "2026-03 2026-03-23/2026-03-31 2026-Q1", True),
        (oslo(2026, 3, 29, 1, 30), 23, "2026-03 2026-03-23/2026-03-31 2026-Q1", True),
        (oslo(2026, 10, 25, 1, 30), 23.4, "2026-10 2026-10-19/2026-10-25 2026-Q4", True),
        (oslo(2026, 10, 25, 0, 10), 24.8, "2026-10 2026-10-19/2026-10-25 2026-Q4", True),
        (oslo(2026, 10, 25, 0, 10), 25, "2026-10 2026-10-19/2026-10-25 2026-Q4", False),
    ],
)
def test_they_count_in_the_periods_of_the_day_on_which_the_holding_began(
    put: Put, tmp_path: Path, began: datetime, hours: float, expected: str, sure: bool
) -> None:
    board = Board(tmp_path / "another", began)
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board)
    board.after(hours)
    tap(ledger, board, Score.UNHAPPY)
    board.network()
    look(ledger, board)
    month, week, quarter = expected.split()
    both = (0, 1, 1, 0)
    board.after(24 * 200)
    look(ledger, board)
    tables = {(table.slice, table.period): table.cells for table in released(ledger) if table.cells}
    assert tables[Slice.TOTAL, month] == {COUNTED: both}
    assert tables[Slice.LANGUAGE, quarter] == {"nb": both}
    # At the month's end the days that had nobody have joined it.
    assert [table.period[:10] for table in released(ledger) if table.slice is Slice.TREND] == [week[:10]]
    assert assumed(ledger) == ([] if sure else [month])


def test_if_the_power_goes_first_they_count_at_the_last_known_day(put: Put, board: Board) -> None:
    board.network()
    look(put(board), board)
    board.start(off_hours=24)
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board)
    board.start(off_hours=24 * 40)
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board, Score.UNHAPPY)
    assert (held(ledger, EARLIER)["total counted"], held(ledger)["total counted"]) == ((0, 0, 1, 0), (0, 1, 0, 0))
    board.network()
    look(ledger, board)
    totals = {table.period: table.cells for table in released(ledger) if table.slice is Slice.TOTAL}
    assert totals == {"2026-09": {COUNTED: (0, 0, 1, 0)}}
    assert assumed(ledger) == ["2026-09"], "told with the release of that month"
    assert running(ledger)["total 2026-10 counted"] == (0, 1, 0, 0)


def test_several_starts_without_a_clock_are_all_kept(put: Put, board: Board) -> None:
    board.network()
    look(put(board), board)
    for _ in range(4):
        board.start(off_hours=3)
        ledger = put(board)
        look(ledger, board)
        tap(ledger, board)
    assert held(ledger, EARLIER)["total counted"] == (0, 0, 3, 0)
    board.network()
    look(ledger, board)
    assert running(ledger)["total 2026-09 counted"] == (0, 0, 4, 0)


def test_a_card_that_never_knew_the_day_takes_the_first_it_gets_to_know(put: Put, board: Board) -> None:
    ledger = put(board)
    tap(ledger, board)
    board.start(off_hours=24 * 20)
    ledger = put(board)
    board.network()
    look(ledger, board)
    assert running(ledger)["total 2026-10 counted"] == (0, 0, 1, 0)


def test_a_kiosk_that_is_started_again_goes_on_holding(put: Put, board: Board) -> None:
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board)
    board.after(30)
    board.restart_kiosk()
    ledger = put(board)
    assert not look(ledger, board)
    tap(ledger, board)
    assert held(ledger)["total counted"] == (0, 0, 2, 0)
    board.now = oslo(2026, 10, 1, 8)  # The same start of the machine, weeks later.
    board.network()
    look(ledger, board)
    assert [table.period for table in released(ledger) if table.slice is Slice.TOTAL] == ["2026-09"]


def test_a_battery_clock_needs_no_waiting(put: Put, board: Board) -> None:
    (board.places.hardware / "rtc0").mkdir(parents=True)
    board.set(board.now)
    (board.places.hardware / "rtc0" / "since_epoch").write_text(f"{board.now.timestamp():.0f}")
    ledger = put(board)
    assert look(ledger, board)
    tap(ledger, board)
    assert running(ledger)["hour 2026-Q3 3-11"] == (0, 0, 1, 0)


def test_a_clock_that_was_right_and_goes_back_counts_in_the_earliest_open_periods(put: Put, board: Board) -> None:
    board.network()
    ledger = put(board)
    look(ledger, board)
    board.after(24 * 20)
    look(ledger, board)
    board.set(oslo(2026, 9, 2))
    look(ledger, board)
    tap(ledger, board)
    assert running(ledger)["total 2026-10 counted"] == (0, 0, 1, 0)
    assert running(ledger)["hour 2026-Q4 unknown"] == (0, 0, 1, 0)


def test_a_reason_moves_among_the_held_and_follows_them_when_they_are_placed(put: Put, board: Board) -> None:
    ledger = put(board)
    look(ledger, board)
    pending = ledger.record("visit", Score.HAPPY, "nb", board.clock())
    assert pending is not None
    ledger.choose(pending, "staff")
    assert held(ledger)["reason staff"] == (0, 0, 1, 0)
    late = ledger.record("visit", Score.UNHAPPY, "nb", board.clock())
    assert late is not None
    board.network()
    look(ledger, board)
    ledger.choose(late, "waiting")
    found = running(ledger)
    assert (found["reason 2026-Q3 staff"], found["reason 2026-Q3 waiting"]) == ((0, 0, 1, 0), (0, 1, 0, 0))
    assert f"reason 2026-Q3 {SKIPPED}" not in found


def test_the_question_that_was_held_for_is_released_though_another_is_asked_now(put: Put, board: Board) -> None:
    ledger = put(board)
    tap(ledger, board)
    board.network()
    ledger.release(board.clock(), "stay")
    assert [(table.question, table.cells) for table in released(ledger) if table.slice is Slice.TOTAL] == [
        ("visit", {COUNTED: (0, 0, 1, 0)})
    ]


def test_what_was_held_opens_no_table_again_that_was_closed_before_its_time(put: Put, board: Board) -> None:
    ledger = put(board)
    board.network()
    tap(ledger, board)
    ledger.release(board.clock(), "another")  # September is closed for the question "visit", and goes on.
    ledger.close()
    board.start()
    ledger = put(board)
    tap(ledger, board, Score.UNHAPPY)
    tap(ledger, board, Score.UNHAPPY)
    board.network()
    look(ledger, board)
    board.after(24 * 200)
    look(ledger, board)
    assert all_counted(ledger) == dict.fromkeys(Slice, (0, 2, 1, 0))


def test_a_language_and_a_reason_that_are_new_are_held_and_placed_like_the_others(put: Put, board: Board) -> None:
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board)
    ledger.configure(["nb", "ro"], ["staff"])
    made = ledger.connection.execute("SELECT count(*) FROM main.cell").fetchall()
    pending = ledger.record("visit", Score.UNHAPPY, "ro", board.clock())
    assert pending is not None
    ledger.choose(pending, "staff")
    assert held(ledger)["language ro"] == held(ledger)["reason staff"] == (0, 1, 0, 0)
    assert ledger.connection.execute("SELECT count(*) FROM main.cell").fetchall() == made, "a tap made cells"
    board.network()
    look(ledger, board)
    found = running(ledger)
    assert found["language 2026-Q3 ro"] == found["reason 2026-Q3 staff"] == (0, 1, 0, 0)


def test_a_held_tap_touches_no_file_but_the_ledger_and_leaves_no_time_in_it(put: Put, board: Board) -> None:
    ledger = put(board)
    look(ledger, board)
    folder = ledger.path.parent
    before = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    facts = ledger.connection.execute("SELECT * FROM main.meta").fetchall()
    board.after(2)
    tap(ledger, board)
    assert any(journal_of(ledger.path).read_bytes()), "the test looks at the wrong file: a commit writes the journal"
    ledger.tidy()
    assert journal_of(ledger.path).read_bytes() == bytes(JOURNAL_BYTES)
    after = {path.name: path.stat().st_mtime_ns for path in [*folder.iterdir(), folder]}
    assert {name for name in after if after[name] != before[name]} == {"open.db", "open.db-journal"}
    assert ledger.connection.execute("SELECT * FROM main.meta").fetchall() == facts


def test_a_tap_before_the_first_look_leaves_no_time_either(put: Put, board: Board) -> None:
    ledger = put(board)
    opened = board.uptime()
    board.after(5)
    tap(ledger, board)
    assert ledger.cells.meta("holding") == f"start-1 {opened:.0f}"


visits = st.lists(
    st.tuples(st.sampled_from(Score), st.sampled_from(["nb", "th", None]), st.sampled_from([*REASONS, None])),
    max_size=15,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(visits, st.randoms(use_true_random=False), st.sampled_from(["held", "power gone", "placed", "released"]))
def test_the_same_taps_in_any_order_leave_the_same_bytes(
    taps: list[tuple[Score, str | None, str | None]], order: random.Random, until: str
) -> None:
    files = []
    for _ in range(2):
        order.shuffle(taps)
        with tempfile.TemporaryDirectory() as name:
            folder, board = Path(name) / "card", Board(Path(name) / "board", SEPTEMBER)
            board.network()
            with contextlib.closing(open_card(folder, board)) as ledger:
                look(ledger, board)
            board.start(off_hours=1)
            with contextlib.closing(open_card(folder, board)) as ledger:
                look(ledger, board)
                for score, language, reason in taps:
                    pending = ledger.record("visit", score, language, board.clock())
                    if order.random() < 0.5:
                        ledger.tidy()
                    if reason is not None:
                        assert pending is not None
                        ledger.choose(pending, reason)
                    ledger.tidy()
                if until in ("placed", "released"):
                    board.network()
                    look(ledger, board)
            if until == "power gone":
                board.start()
                open_card(folder, board).close()
            if until == "released":
                board.after(24 * 30)
                with contextlib.closing(open_card(folder, board)) as ledger:
                    look(ledger, board)
            files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert files[0] == files[1]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("tap"), st.sampled_from(Score)),
        st.tuples(st.just("reason"), st.sampled_from(REASONS)),
        st.tuples(st.just("hours"), st.sampled_from([1, 11, 23, 170, 800])),
        st.tuples(st.just("power"), st.sampled_from([0, 1, 30, 900])),
        st.tuples(st.just("network"), st.none()),
        st.tuples(st.just("kiosk"), st.none()),
        st.tuples(st.just("clock"), st.sampled_from([-900, -25, -1, 1, 25, 900, 24 * 365 * 70])),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.sampled_from(["week", "day"]))
def test_whatever_the_clock_does_the_books_balance(todo: list[tuple[str, object]], trend: str) -> None:
    tapped = ZERO
    with tempfile.TemporaryDirectory() as name:
        folder, board = Path(name) / "card", Board(Path(name) / "board", SEPTEMBER)
        ledger = open_card(folder, board, trend=trend)
        pending = None
        for what, how in todo:
            match what, how:
                case "tap", Score():
                    pending = ledger.record("visit", how, "nb", board.clock())
                    tapped = add(tapped, tuple(int(each is how) for each in Score))  # type: ignore[arg-type]
                case "reason", str() if pending is not None:
                    ledger.choose(pending, how)
                    pending = None
                case "hours", int():
                    board.after(how)
                case "clock", int():
                    board.set(board.clock() + timedelta(hours=how))
                case "network", _:
                    board.network()
                case "power" | "kiosk", _:
                    ledger.close()
                    if isinstance(how, int):
                        board.start(off_hours=how)
                    else:
                        board.restart_kiosk()
                    ledger = open_card(folder, board, trend=trend)
                    pending = None
            if what != "tap":
                look(ledger, board)
            assert all_counted(ledger) == dict.fromkeys(Slice, tapped)
        board.network()
        board.after(24 * 800)
        look(ledger, board)
        tables = released(ledger)
        last = max((table.days.last for table in tables), default=board.now.date())
        ledger.close()
    for slice_ in Slice:
        out = add(ZERO, *(table.counted for table in tables if table.slice is slice_))
        if last < board.now.date():
            assert out == tapped, slice_
    for table in tables:
        if table.slice is Slice.TOTAL:
            pieces = [t.counted for t in tables if t.slice is Slice.TREND and table.days.covers(t.days)]
            assert add(ZERO, *pieces) == table.counted


_MOVER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from ratings.config import Release
from terminal.ledger import Ledger
folder, moment, kill_at = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
ledger = Ledger.open(folder, Release(), ZoneInfo("Europe/Oslo"), ["nb", "th"], ["waiting", "staff"])
step = 0
def trace(statement):
    global step
    step += 1
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
ledger.connection.set_trace_callback(trace)
ledger.release(moment, "visit")
"""


def test_a_kiosk_killed_at_any_step_of_the_move_loses_and_doubles_nothing(tmp_path: Path, put: Put) -> None:
    board = Board(tmp_path / "board", SEPTEMBER)
    board.network()
    ledger = put(board)
    look(ledger, board)
    tap(ledger, board, Score.VERY_HAPPY)
    board.start(off_hours=24 * 30)  # In the month after: the move and a release in one.
    ledger = put(board)
    look(ledger, board)
    for score in Score:
        tap(ledger, board, score, "th")
    ledger.close()

    def move(kill_at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _MOVER, str(tmp_path / "card"), board.now.isoformat(), str(kill_at)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    latest = 0
    for kill_at in [*range(1, 30, 4), *range(30, 2000, 23)]:
        ended = move(kill_at)
        if ended.returncode == 0:
            break
        latest = kill_at  # The last may be killed after the commit: then the next has little to do.
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        ledger = put(board)
        assert all_counted(ledger) == dict.fromkeys(Slice, (1, 1, 1, 2))
        totals = [table.counted for table in released(ledger) if table.slice is Slice.TOTAL]
        assert totals in ([], [(1, 1, 1, 2)]), "half a move"
        ledger.close()
    assert latest > 40, "it was killed at too few steps to tell"
    ledger = put(board)
    assert all_counted(ledger) == dict.fromkeys(Slice, (1, 1, 1, 2))
    assert [table.counted for table in released(ledger) if table.slice is Slice.TOTAL] == [(1, 1, 1, 2)]
    assert assumed(ledger) == ["2026-09"]
