"""Kiosk and courier are two users: the courier's gets at `released.db`, and not at a running count.

Taken as systemd takes them (`systemd/`): two users of one group, and a folder each. Only root can become them.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings.config import Release
from ratings.scale import Score
from ratings.table import Slice
from terminal.ledger import Ledger
from tests.conftest import Mosquitto
from tests.terminal.conftest import OSLO, oslo
from tests.terminal.test_courier import new_database, running, settings_for, today

GROUP, KIOSK, COURIER, STRANGER = 64000, 64001, 64002, 64003

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become the kiosk's and the courier's users")

# Imported as root: Python itself may lie where these users cannot look. Then for good what systemd makes it.
_BECOME = """
import encodings.idna, os, signal, sqlite3, sys
from datetime import datetime
from pathlib import Path
import paho.mqtt.client
from ratings import config, tls, wire
from ratings.config import Release
from ratings.scale import Score
from ratings.table import Revision
from ratings.period import parse_month
from terminal import connection, delivery, remote
from terminal.courier import Courier
from terminal.kiosk.changes import Changes
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from terminal.storage import StoreError
from zoneinfo import ZoneInfo
from importlib.metadata import version
user, umask, card, state = int(sys.argv[1]), int(sys.argv[2], 8), Path(sys.argv[3]), Path(sys.argv[4])
oslo = ZoneInfo("Europe/Oslo")
os.setgroups([])
os.setgid({group} if user != {stranger} else {stranger})
os.setuid(user)
os.umask(umask)
"""


class Machine:
    """The two folders as systemd makes them, where every user may come by."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.card, self.state = folder / "terminal", folder / "courier"
        for path, owner in ((self.card, KIOSK), (self.state, COURIER)):
            path.mkdir()
            path.chmod(0o750)
            os.chown(path, owner, GROUP)

    def start(self, user: int, script: str, umask: str = "0027") -> subprocess.Popen[str]:
        become = _BECOME.format(group=GROUP, stranger=STRANGER)
        return subprocess.Popen(
            [sys.executable, "-c", become + script, str(user), umask, str(self.card), str(self.state)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, user: int, script: str, umask: str = "0027") -> str:
        process = self.start(user, script, umask)
        said, _ = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), said
        return said


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not pytest's folder: other users cannot get in there.
    with tempfile.TemporaryDirectory(prefix="fjes-users-") as folder:
        yield Machine(Path(folder))


RATE = """
ledger = Ledger.open(card, Release(), oslo, ["nb"], state=state)
for number in range(7):
    ledger.record("visit", Score(number % 4), "nb", datetime(2026, 9, 7, 12, tzinfo=oslo))
    ledger.tidy()
ledger.release(datetime(2026, 10, 7, 12, tzinfo=oslo), "visit")
ledger.record("visit", Score(0), "nb", datetime(2026, 10, 7, 12, tzinfo=oslo))
ledger.tidy()
ledger.close()
"""

# What can be tried without SQLite, and with it.
PRY = """
for name in ("open.db", "open.db-journal", "kiosk.lock"):
    for how in ("rb", "r+b"):
        try:
            open(card / name, how)
        except PermissionError:
            print("refused", name)
try:
    sqlite3.connect(f"file:{card / 'open.db'}?mode=ro", uri=True).execute("SELECT * FROM cell")
except sqlite3.OperationalError as error:
    print("refused:", error)
for attempt in (lambda: open(card / "released.db", "r+b"), lambda: open(card / "new", "wb"),
                lambda: os.replace(card / "open.db", card / "released.db"), lambda: os.unlink(card / "open.db")):
    try:
        attempt()
    except PermissionError:
        print("refused to change")
"""

READ = """
try:
    outbox = Outbox(card)
    epoch, last = outbox.epochs()[-1]
    print("tables", len(outbox.pending(epoch, Revision(0))), last)
except StoreError as error:
    print(error)
"""


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


MODES = {"open.db": 0o600, "open.db-journal": 0o600, "released.db": 0o640, "released.db-journal": 0o640}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_kiosk_lets_nobody_but_itself_into_open_db_whatever_the_umask_is(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        ledger = Ledger.open(tmp_path, Release(), OSLO, ["nb"])
        ledger.record("visit", Score.HAPPY, "nb", oslo(2026, 9, 7, 12))
        ledger.release(oslo(2026, 10, 7, 12), "visit")
        ledger.close()
    finally:
        os.umask(before)
    assert modes(tmp_path) == MODES | {"kiosk.lock": 0o600}


def test_a_card_that_was_copied_with_other_rights_is_put_right_at_the_start(tmp_path: Path) -> None:
    Ledger.open(tmp_path, Release(), OSLO, ["nb"]).close()
    for path in tmp_path.iterdir():
        path.chmod(0o666)
    (tmp_path / "released.db-journal").unlink()
    Ledger.open(tmp_path, Release(), OSLO, ["nb"]).close()
    assert {name: mode for name, mode in modes(tmp_path).items() if name in MODES} == MODES


@needs_root
def test_the_couriers_user_reads_released_tables_and_cannot_open_a_running_count(machine: Machine) -> None:
    assert machine.run(KIOSK, RATE, "0077") == ""
    assert (machine.card / "open.db").stat().st_uid == KIOSK
    refused = machine.run(COURIER, PRY).splitlines()
    names = ("open.db", "open.db-journal", "kiosk.lock")
    assert refused == [
        *(f"refused {name}" for name in names for _ in range(2)),
        "refused: unable to open database file",
        *["refused to change"] * 4,
    ]
    assert machine.run(COURIER, READ) == "tables 4 4\n"


@needs_root
def test_another_user_gets_at_nothing(machine: Machine) -> None:
    machine.run(KIOSK, RATE, "0077")
    assert machine.run(STRANGER, PRY).count("refused") == 11
    assert "cannot be opened" in machine.run(STRANGER, READ)


DELIVER = """
settings = config.read((state / "fjes.toml").read_text())
courier = Courier(settings)
signal.signal(signal.SIGTERM, lambda *_: courier.stop())
courier.run()
"""

LOOK = "print(connection.read(state), sorted(delivery.confirmed(state).values()))"


@needs_root
def test_a_courier_of_its_own_user_delivers_and_the_kiosks_user_sees_how_it_stands(
    machine: Machine, broker: Mosquitto, wait_for: Callable[..., None], tmp_path: Path
) -> None:
    machine.run(KIOSK, RATE, "0077")
    settings, engine = settings_for(machine.card.parent, broker.port), new_database(tmp_path / "1.db")
    text = f'[terminal]\nid = "stua"\nstore = "{machine.card}"\nstate = "{machine.state}"\n'
    (machine.state / "fjes.toml").write_text(f'{text}[broker]\nhost = "127.0.0.1"\nport = {broker.port}\n')
    courier = machine.start(COURIER, DELIVER)
    try:
        with running(Ingest(settings, engine, today=today)):
            row = schema.released.c

            def arrived() -> int:
                with store.reading(engine) as connection:
                    return sum(connection.scalars(select(row.n).where(row.slice == Slice.TOTAL)))

            wait_for(lambda: courier.poll() is not None or arrived() == 7, "the tables")
            assert courier.poll() is None, courier.communicate()
            assert machine.run(KIOSK, LOOK, "0077") == "dashboard [4]\n"
            assert machine.run(STRANGER, "try: connection.read(state)\nexcept OSError: pass\n" + LOOK) == "None []\n"
    finally:
        courier.terminate()
        courier.communicate(timeout=20)
    engine.dispose()


# The courier's user may not undo what was half done: that takes writing.
CUT = """
half = sqlite3.connect(card / "released.db", isolation_level=None)
half.execute("PRAGMA journal_mode=PERSIST")
half.execute("PRAGMA cache_size=1")
half.execute("BEGIN")
half.execute("UPDATE released SET encoded=zeroblob(40000)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_root
def test_what_a_cut_left_half_done_keeps_the_courier_waiting_until_the_kiosk_has_undone_it(machine: Machine) -> None:
    machine.run(KIOSK, RATE, "0077")
    machine.run(KIOSK, CUT, "0077")
    left = (machine.card / "released.db").read_bytes()
    told = machine.run(COURIER, READ)
    assert "left in the middle of a change, by a cut of power. The kiosk puts it right when it starts." in told
    assert (machine.card / "released.db").read_bytes() == left
    machine.run(KIOSK, 'Ledger.open(card, Release(), oslo, ["nb"], state=state).close()', "0077")
    assert machine.run(COURIER, READ) == "tables 4 4\n"


KEEP = """
remote.keep(state, b'{"kiosk": {"languages": ["nb", "th"]}, "questions": [{"id": "stay"}]}')
try:
    (card / "asked.json").read_bytes()
except PermissionError:
    print("refused")
"""

TAKE = """
settings = config.read(f'[terminal]\\nstore = "{card}"\\nstate = "{state}"')
changes = Changes(settings)
changes.asked.choose(changes.config, parse_month("2026-11"))
changes.asked.save()
print(changes.config.kiosk.languages, (card / "asked.json").exists())
try:
    remote.keep(state, b"{}")
except PermissionError:
    print("refused")
"""


@needs_root
@pytest.mark.parametrize("umask", ["0000", "0077"])
def test_what_the_dashboard_sets_the_courier_writes_and_the_kiosk_reads_and_the_month_is_the_kiosks_alone(
    machine: Machine, umask: str
) -> None:
    machine.run(COURIER, KEEP.partition("try")[0], umask)
    assert machine.run(KIOSK, TAKE, umask) == "['nb', 'th'] True\nrefused\n"
    assert machine.run(COURIER, KEEP, umask) == "refused\n"
    assert modes(machine.card) == {"asked.json": 0o600}
    assert modes(machine.state) == {"config.json": 0o640}
