"""A terminal that retires: all it has counted arrives, whatever is cut off, and nothing twice if it is used again.

The real command, card, courier, broker, ingest and database.
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from dashboard import balance, lives, schema, store, terminal_health
from dashboard.ingest import Ingest
from dashboard.terminal_health import Standing
from fjes.cli import main
from ratings import config
from ratings.config import Config
from ratings.period import Period
from ratings.pooling import Piece
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import SKIPPED, Revision, Slice, Table
from ratings.wire import decode_table
from terminal import connection
from terminal.courier import Courier
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from terminal.trust import Trust
from tests.conftest import Mosquitto
from tests.terminal.board import Board
from tests.terminal.test_courier import new_database, running, today

Wait = Callable[..., None]
NOW = datetime.now(UTC)


def settings_for(folder: Path, port: int, clock: str = "system") -> Path:
    path = folder / "fjes.toml"
    path.write_text(
        f"""
        [terminal]
        id = "stua"
        store = "{folder / "card"}"
        state = "{folder / "state"}"
        clock = "{clock}"
        [kiosk]
        languages = ["nb", "en", "th"]
        [[follow_up.reasons]]
        id = "waiting"
        [broker]
        host = "127.0.0.1"
        port = {port}
        """
    )
    return path


def opened(settings: Config, trust: Trust | None = None) -> Ledger:
    reasons = [reason.id for reason in settings.follow_up.reasons]
    return Ledger.open(
        settings.terminal.store,
        settings.release,
        settings.terminal.zone,
        settings.kiosk.languages,
        reasons,
        trust=trust,
        state=settings.terminal.state,
    )


def tap(ledger: Ledger, moment: datetime, times: int) -> Counts:
    """Rate in three languages, one of them seldom; some give a reason. Returns what was tapped."""
    counts = [0, 0, 0, 0]
    for number in range(times):
        pending = ledger.record("visit", Score(number % 4), ("nb", "nb", "nb", "en")[number % 4], moment)
        if pending is not None and number % 2:
            ledger.choose(pending, "waiting")
        counts[number % 4] += 1
    ledger.record("visit", Score.HAPPY, "th", moment)
    counts[Score.HAPPY] += 1
    return (counts[0], counts[1], counts[2], counts[3])


def visited(path: Path) -> Counts:
    """A card with a quarter that is over and one that runs."""
    with contextlib.closing(opened(config.load(path))) as ledger:
        before = tap(ledger, NOW - timedelta(days=120), 21)
        ledger.release(NOW, "visit")
        return add(before, tap(ledger, NOW, 20))


def retire(path: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["terminal", "retire", "--config", str(path), *more], catch_exceptions=False)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = new_database(tmp_path / "fjes.db")
    yield made
    made.dispose()


def sums(engine: Engine) -> dict[Slice, Counts]:
    """What the dashboard holds of each slice, over all epochs."""
    found = dict.fromkeys(Slice, ZERO)
    trend: dict[str, list[Piece]] = {}
    with store.reading(engine) as reading:
        assert balance.imbalances(reading) == []
        for row in reading.execute(select(schema.released)):
            counts = (row.very_unhappy, row.unhappy, row.happy, row.very_happy)
            if row.slice == Slice.TREND:
                trend.setdefault(row.epoch, []).append(Piece(Period(row.first_day, row.last_day), counts))
            else:
                found[Slice(row.slice)] = add(found[Slice(row.slice)], counts)
    found[Slice.TREND] = add(ZERO, *(piece.counts for piece in lives.together(trend.values())))
    return found


def standing(engine: Engine) -> Standing:
    with store.reading(engine) as reading:
        (health,) = terminal_health.look(reading, datetime.now(UTC)).terminals
    return health.standing


def released(path: Path) -> list[Table]:
    outbox = Outbox(config.load(path).terminal.store)
    pending = (outbox.pending(epoch, Revision(0)) for epoch, _ in outbox.epochs())
    return [decode_table(encoded) for tables in pending for _, encoded in tables]


def cells(path: Path) -> int:
    card = config.load(path).terminal.store
    with contextlib.closing(sqlite3.connect(card / "open.db")) as database:
        found: int = database.execute("SELECT count(*) FROM cell").fetchone()[0]
        return found


def test_all_that_runs_is_released_pooled_and_arrives_and_the_terminal_says_goodbye(
    tmp_path: Path, broker: Mosquitto, engine: Engine, wait_for: Wait
) -> None:
    path = settings_for(tmp_path, broker.port)
    tapped = visited(path)
    with running(Ingest(config.load(path), engine, today=today)):
        result = retire(path)
        assert result.exit_code == 0, result.output
        assert result.output.endswith("The dashboard has all of it, and the terminal has said goodbye.\n")
        assert sums(engine) == dict.fromkeys(Slice, tapped)
        wait_for(lambda: standing(engine) is Standing.RETIRED, "the goodbye")
        assert cells(path) == 0, "nothing is left on the card that was not released"
        for table in released(path):
            if table.slice in (Slice.LANGUAGE, Slice.HOUR, Slice.REASON):
                assert len(table.cells) == 1 or min(map(sum, table.cells.values())) >= 5, table
        # Once more: nothing to do, and nothing becomes other than it was.
        before = released(path)
        again = retire(path)
        assert (again.exit_code, again.output.splitlines()[0]) == (0, "Nothing was left to release.")
        assert released(path) == before
    assert sums(engine) == dict.fromkeys(Slice, tapped)
    assert standing(engine) is Standing.RETIRED


def test_without_a_connection_it_says_what_is_still_on_the_card_and_goes_on_when_there_is_one(
    tmp_path: Path, make_broker: Callable[..., Mosquitto], engine: Engine
) -> None:
    late = make_broker()
    path = settings_for(tmp_path, late.port)
    tapped = visited(path)
    result = retire(path, "--wait", "1")
    assert result.exit_code == 1
    waiting = len(released(path))
    assert result.output.splitlines()[-1] == (
        f"Error: {waiting} released tables are still on the card. Nothing is lost: run this again when there is a "
        "connection to the dashboard"
    )
    late.start()
    unheard = retire(path, "--wait", "1")
    assert unheard.exit_code == 1, "a broker without a dashboard is no dashboard"
    with running(Ingest(config.load(path), engine, today=today)):
        assert retire(path).exit_code == 0
    assert sums(engine) == dict.fromkeys(Slice, tapped)


_RETIRER = """
import os, signal, sys
from pathlib import Path
from ratings import config
from terminal import ledger as module
from fjes.commands import retire
path, kill_at = Path(sys.argv[1]), int(sys.argv[2])
step, opened = 0, module.Ledger.open
def trace(statement):
    global step
    step += 1
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
def open_and_count(*arguments, **more):
    ledger = opened(*arguments, **more)
    ledger.connection.set_trace_callback(trace)
    return ledger
module.Ledger.open = open_and_count
retire._release(config.load(path))
"""


def test_power_that_goes_at_any_step_of_the_release_loses_and_doubles_nothing(
    tmp_path: Path, broker: Mosquitto, engine: Engine
) -> None:
    path = settings_for(tmp_path, broker.port)
    tapped = visited(path)
    latest = 0
    for kill_at in [*range(1, 30, 4), *range(30, 5000, 31)]:
        done = subprocess.run(
            [sys.executable, "-c", _RETIRER, str(path), str(kill_at)], capture_output=True, check=False
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        latest = kill_at
        totals = [table.counted for table in released(path) if table.slice is Slice.TOTAL]
        assert add(ZERO, *totals) == (tapped if cells(path) == 0 else (6, 5, 6, 5)), "half a move"
    assert latest > 60, "it was killed at too few steps to tell"
    with running(Ingest(config.load(path), engine, today=today)):
        assert retire(path).exit_code == 0
    assert sums(engine) == dict.fromkeys(Slice, tapped)


@pytest.mark.parametrize("after", [0.3, 0.6, 1.0])
def test_power_that_goes_while_it_is_sent_costs_nothing_but_another_run(
    tmp_path: Path, broker: Mosquitto, engine: Engine, after: float
) -> None:
    path = settings_for(tmp_path, broker.port)
    tapped = visited(path)
    with running(Ingest(config.load(path), engine, today=today)):
        process = subprocess.Popen(
            [sys.executable, "-m", "fjes", "terminal", "retire", "--quiet", "--config", str(path)],
            stdout=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        process.kill()
        process.wait()
        assert retire(path).exit_code == 0
    assert sums(engine) == dict.fromkeys(Slice, tapped)


def test_a_terminal_that_is_used_again_counts_in_a_new_epoch_and_nothing_twice(
    tmp_path: Path, broker: Mosquitto, engine: Engine, wait_for: Wait
) -> None:
    path = settings_for(tmp_path, broker.port)
    tapped = visited(path)
    with running(Ingest(config.load(path), engine, today=today)):
        assert retire(path).exit_code == 0
        with contextlib.closing(opened(config.load(path))) as ledger:
            ledger.release(NOW, "visit")
            tapped = add(tapped, tap(ledger, NOW, 9))
        with running(Courier(config.load(path))):
            wait_for(lambda: standing(engine) is Standing.ONLINE, "it to be heard again")
        assert retire(path).exit_code == 0
        wait_for(lambda: standing(engine) is Standing.RETIRED, "the goodbye")
    assert len(Outbox(config.load(path).terminal.store).epochs()) == 2
    assert sums(engine) == dict.fromkeys(Slice, tapped)


def test_power_that_comes_back_before_it_was_delivered_lets_the_kiosk_go_on_and_all_arrives(
    tmp_path: Path, broker: Mosquitto, engine: Engine
) -> None:
    path = settings_for(tmp_path, broker.port)
    tapped = visited(path)
    assert retire(path, "--wait", "1").exit_code == 1
    with contextlib.closing(opened(config.load(path))) as ledger:
        ledger.release(NOW, "visit")
        tapped = add(tapped, tap(ledger, NOW, 5))
    with running(Ingest(config.load(path), engine, today=today)):
        assert retire(path).exit_code == 0
    assert sums(engine) == dict.fromkeys(Slice, tapped)


def test_what_was_held_without_a_clock_is_counted_first_and_without_one_nothing_is_done(tmp_path: Path) -> None:
    path, board = settings_for(tmp_path, 1), Board(tmp_path / "board", NOW)
    with contextlib.closing(opened(config.load(path), board.trust)) as ledger:
        tapped = tap(ledger, board.clock(), 9)
        with pytest.raises(Exception, match="the clock is not known to be right"):
            ledger.retire(board.clock())
        assert released(path) == []
        assert ledger.retire(board.network()) > 0
        assert ledger.retire(board.clock()) == 0
        board.start()
        assert ledger.retire(board.clock()) == 0, "nothing is left for which a clock would be needed"
    for slice_ in Slice:
        assert add(ZERO, *(table.counted for table in released(path) if table.slice is slice_)) == tapped


def test_live_release_retires_as_it_has_released(tmp_path: Path) -> None:
    path = settings_for(tmp_path, 1)
    path.write_text(path.read_text() + '[release]\nmode = "live"\n')
    with contextlib.closing(opened(config.load(path))) as ledger:
        tapped = tap(ledger, NOW, 9)
        ledger.release(NOW, "visit")
        before = released(path)
        ledger.retire(NOW)
    assert sorted(map(str, released(path))) == sorted(map(str, before)), "they were final already"
    assert {key for table in before if table.slice is Slice.REASON for key in table.cells} == {SKIPPED, "waiting"}
    assert add(ZERO, *(table.counted for table in before if table.slice is Slice.TOTAL)) == tapped


def test_a_kiosk_or_a_courier_that_runs_is_to_be_stopped_first(
    tmp_path: Path, broker: Mosquitto, wait_for: Wait
) -> None:
    path = settings_for(tmp_path, broker.port)
    visited(path)
    before = released(path)
    with contextlib.closing(opened(config.load(path))):
        result = retire(path)
        assert result.exit_code == 1
        assert "another kiosk is running on this store. Stop it first" in result.output
    with running(Courier(config.load(path))):
        wait_for(lambda: connection.read(config.load(path).terminal.state) is not None, "the courier")
        result = retire(path)
        assert result.exit_code == 1
        assert "the courier of this terminal is running. Stop kiosk and courier first" in result.output
    assert released(path) == before


def test_a_file_of_another_place_makes_no_store_that_could_retire(tmp_path: Path) -> None:
    path = settings_for(tmp_path, 1)
    result = retire(path)
    assert result.exit_code == 1
    assert "open.db: there is no such file. Name the terminal's own fjes.toml; nothing was done." in result.output
    assert not (tmp_path / "card").exists()
