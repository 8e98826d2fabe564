"""The other end for the boot test: a real broker and a real dashboard on this machine, set up by the real commands."""

import contextlib
import datetime
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from image.machine import wait_for
from image.places import SOURCE

_FJES = (sys.executable, "-m", "fjes")
INSIDE = "10.0.2.100"
"""The address under which the emulated board reaches this machine's broker."""


@dataclass(frozen=True)
class Beside:
    """A dashboard that runs. `enrolled` is the file for the card."""

    folder: Path
    port: int
    enrolled: str

    def cells(self) -> dict[str, dict[str, list[int]]]:
        """What arrived of the monthly totals: from month to key to four counts."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/fjes.db?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT period, cells FROM released WHERE slice = 'total'").fetchall()
        return {month: json.loads(cells) for month, cells in rows}

    def arrived(self) -> int:
        """All ratings of all months, repeats among them."""
        return sum(sum(counts) for cells in self.cells().values() for counts in cells.values())

    def languages(self) -> dict[str, list[int]]:
        """What arrived by language, of all periods."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/fjes.db?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT cells FROM released WHERE slice = 'language'").fetchall()
        return {key: counts for (cells,) in rows for key, counts in json.loads(cells).items()}

    def epochs(self) -> int:
        """How many lives of cards have delivered."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/fjes.db?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(DISTINCT epoch) FROM released").fetchone()[0])


def overview(there: Beside, day: datetime.date, picture: Path) -> str:
    """What staff see who open the overview on a day, in English; its picture goes to a file."""
    from playwright.sync_api import sync_playwright

    port = _free_port()
    settings = there.folder / "pages.toml"
    written = (there.folder / "fjes.toml").read_text("utf-8")
    settings.write_text(written.replace("[dashboard]", f"[dashboard]\nport = {port}\nsign_in = false", 1), "utf-8")
    with _started(
        ["faketime", f"{day} 12:00:00", *_FJES, "dashboard", "web", "--config", str(settings)],
        there.folder / "pages.log",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    ):
        wait_for(lambda: _listens(port), "the pages", 120)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 900})
            page.goto(f"http://127.0.0.1:{port}/all")
            page.screenshot(path=picture)
            text = page.locator("main").inner_text()
            browser.close()
    return text


@contextlib.contextmanager
def running(folder: Path, since: datetime.date) -> Iterator[Beside]:
    """Set up broker and dashboard, enrol a terminal, run both, and end them.

    Args:
        folder: a new folder, for everything.
        since: from when on the broker's certificates are valid, which a board with that clock has to trust.
    """
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    port = _free_port()
    broker = folder / "broker"
    _fjes(
        *("dashboard", "broker", "init", "--folder", broker, "--host", INSIDE, "--host", "127.0.0.1"),
        *("--port", port, "--listen", "127.0.0.1"),
        before=("faketime", f"{since:%Y-%m-%d} 12:00:00"),
    )
    settings = folder / "fjes.toml"
    written = (broker / "dashboard.toml").read_text("utf-8")
    settings.write_text(_with_database(written, folder / "fjes.db"), "utf-8")
    enrolled = folder / "stua.fjes.toml"
    _fjes("dashboard", "terminal", "add", "Stua", "--site", "Pro Sentret", "--config", settings, folder=folder)
    # The board's address of this machine leads nowhere here.
    settings.write_text(settings.read_text("utf-8").replace(f'host = "{INSIDE}"', 'host = "127.0.0.1"'), "utf-8")
    log = folder / "beside.log"
    with (
        _started(["mosquitto", "-c", str(broker / "mosquitto.conf")], log),
        _started([*_FJES, "dashboard", "ingest", "--config", str(settings)], log),
    ):
        wait_for(lambda: "connected to the broker" in log.read_text("utf-8"), "the dashboard to reach the broker", 60)
        yield Beside(folder, port, enrolled.read_text("utf-8"))


@contextlib.contextmanager
def _started(command: list[str], log: Path, **variables: str) -> Iterator[None]:
    """A process that ends with the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=SOURCE,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **variables},
            start_new_session=True,
        )
    try:
        yield
    finally:
        _ended(process)


def _with_database(written: str, database: Path) -> str:
    """The broker's sections, and the database in `[dashboard]`."""
    line = f'database = "sqlite:///{database}"'
    if "[dashboard]" in written:
        return written.replace("[dashboard]", f"[dashboard]\n{line}", 1)
    return f"{written}\n[dashboard]\n{line}\n"


def _fjes(*words: object, before: tuple[str, ...] = (), folder: Path = SOURCE) -> None:
    done = subprocess.run(
        [*before, *_FJES, *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise AssertionError(f"fjes {' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")


def _ended(process: subprocess.Popen[bytes]) -> None:
    # With what it has started: faketime waits for another.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
