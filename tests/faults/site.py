"""One real terminal and one real dashboard: processes, broker, database, and a network of our own between them.

Starts and ends all of it, each by its own handle, and reads what is on the card and in the database.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select

from dashboard import schema, store
from ratings import wire
from ratings.scale import ZERO, Counts, add
from ratings.table import Slice
from terminal.delivery import confirmed
from tests.conftest import Mosquitto
from tests.faults.bases import TERMINAL, Base
from tests.faults.proxy import Proxy

HERE = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90.0
END_SECONDS = 30.0

CONFIG = """[terminal]
id = "{terminal}"
clock = "system"
store = "{folder}/card"
state = "{folder}/state"
[kiosk]
size = "800x480"
attract_seconds = 0
[release]
mode = "{mode}"
[buttons]
factory = "mock"
bounce_seconds = 0
[broker]
host = "127.0.0.1"
port = {port}
[dashboard]
database = "{database}"
{reasons}
"""
REASONS = '[[follow_up.reasons]]\nid = "waiting"\n[[follow_up.reasons]]\nid = "staff"\n'


class Process:
    """One process of the product. It can be killed and started again."""

    def __init__(self, folder: Path, name: str, *command: str, talks: bool = False) -> None:
        self.name = name
        self._command = [sys.executable, "-m", *command]
        self._said = folder / f"{name}.log"
        self._talks = talks
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def start(self, *more: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy"}
        with self._said.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._command, *more],
                stdin=subprocess.PIPE if self._talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._talks else out,
                stderr=out,
                text=True,
                cwd=HERE,
                env=environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._answers = queue.SimpleQueue()
        if self._process.stdout is not None:
            threading.Thread(target=_hear, args=(self._process.stdout, self._answers), daemon=True).start()

    def say(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self, seconds: float = START_SECONDS) -> str:
        """Its next answer. AssertionError where none comes, with the end of its log."""
        with contextlib.suppress(queue.Empty):
            if answer := self._answers.get(timeout=seconds):
                return answer
        raise AssertionError(f"the {self.name} did not answer: {self.log()[-800:]}")

    def start_again(self) -> bool:
        """As systemd does where it ends by itself with an error; whether it has, within a second."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert (code := self._process.wait(1)) == 1, f"the {self.name} ended with {code}: {self.log()[-800:]}"
            self.start()
            return True
        return False

    def rest_of_answers(self) -> list[str]:
        """What it had answered before it ended."""
        return list(iter(lambda: self._answers.get(timeout=END_SECONDS), ""))

    def send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def limit_files(self, most_bytes: int) -> None:
        """Let no file grow beyond so many bytes, as a full disk would; -1 for no limit."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(
                    self._process.pid, resource.RLIMIT_FSIZE, (most_bytes if most_bytes >= 0 else hard, hard)
                )

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it has; what is still on its way from it can be heard."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            code = process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the {self.name} does not end: {self.log()[-800:]}") from None
        finally:
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        # One that has just been started may not have come to heeding SIGTERM yet.
        expected = (0, -number) if number is signal.SIGTERM else (-number,)
        assert code in expected, f"the {self.name} ended with {code}, not {expected}: {self.log()[-800:]}"

    def log(self) -> str:
        return self._said.read_text() if self._said.exists() else ""


class Site:
    """All of it. Nothing runs yet when it is made; `close` ends whatever does."""

    def __init__(self, folder: Path, base: Base, mode: str, begin: datetime, *, reasons: bool, more: str = "") -> None:
        self.base = base
        self.begin = begin
        self._folder = folder
        self.broker = Mosquitto(folder, more=more)
        # The way of the terminal, and that of the dashboard.
        self.ways = [Proxy(self.broker.port), Proxy(self.broker.port)]
        for name, proxy in zip(("terminal", "dashboard"), self.ways, strict=True):
            (folder / f"{name}.toml").write_text(
                CONFIG.format(
                    terminal=TERMINAL,
                    folder=folder,
                    mode=mode,
                    port=proxy.port,
                    database=base.url,
                    reasons=REASONS if reasons else "",
                )
            )
        terminal, dashboard = (str(folder / f"{name}.toml") for name in ("terminal", "dashboard"))
        self.kiosk = Process(folder, "kiosk", "tests.faults.kiosk", terminal, talks=True)
        self.courier = Process(folder, "courier", "tests.faults.hurried", "terminal", "courier", "--config", terminal)
        self.ingest = Process(folder, "ingest", "tests.faults.hurried", "dashboard", "ingest", "--config", dashboard)

    def start_kiosk(self, days: int) -> None:
        """Start it, so many days after the beginning."""
        self.kiosk.start((self.begin + timedelta(days=days)).isoformat())
        assert self.kiosk.hear() == "ready"

    def still_open(self) -> int:
        """How many counters of the card hold something that was not released."""
        with contextlib.closing(sqlite3.connect(self._folder / "card" / "open.db")) as connection:
            return int(connection.execute("SELECT count(*) FROM cell WHERE counts<>zeroblob(16)").fetchone()[0])

    def released(self) -> dict[Slice, Counts]:
        """What the card has released, by slice."""
        with contextlib.closing(sqlite3.connect(self._folder / "card" / "released.db")) as connection:
            tables = [wire.decode_table(row[0]) for row in connection.execute("SELECT encoded FROM released")]
        return {slice_: add(ZERO, *(table.counted for table in tables if table.slice is slice_)) for slice_ in Slice}

    def in_base(self) -> dict[Slice, Counts]:
        """What the dashboard's database has of the terminal, by slice."""
        engine = store.open_engine(self.base.url)
        try:
            with store.reading(engine) as connection:
                rows = connection.execute(select(schema.released)).all()
                refused = connection.execute(select(schema.refused.c.reason)).all()
        finally:
            engine.dispose()
        assert not refused, f"good tables are in quarantine: {refused}"
        return {
            slice_: add(ZERO, *((r.very_unhappy, r.unhappy, r.happy, r.very_happy) for r in rows if r.slice == slice_))
            for slice_ in Slice
        }

    def acknowledged_too_soon(self) -> str:
        """What the courier takes for delivered and the dashboard's database does not have; empty if nothing."""
        believed = confirmed(self._folder / "state")  # First: what the database has only grows.
        engine = store.open_engine(self.base.url)
        try:
            with store.reading(engine) as connection:
                stored = {row.epoch: row.upto for row in connection.execute(select(schema.epoch))}
        finally:
            engine.dispose()
        wrong = {epoch: upto for epoch, upto in believed.items() if upto > stored.get(epoch, 0)}
        return f"{wrong} acknowledged, {stored} stored" if wrong else ""

    def arrived(self) -> bool:
        """Whether the dashboard has what the card has released."""
        return self.in_base() == self.released()

    def close(self) -> None:
        """End whatever runs, whatever went wrong before."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.base.remove)
            stack.callback(self.broker.stop)
            for proxy in self.ways:
                stack.callback(proxy.close)
            for process in (self.ingest, self.courier, self.kiosk):
                stack.callback(process.end)
                stack.callback(process.send, signal.SIGCONT)


def _hear(lines: IO[str], answers: queue.SimpleQueue[str]) -> None:
    for line in lines:
        answers.put(line.strip())
    answers.put("")
    lines.close()


def _die_with_parent() -> None:
    """Ask Linux to end this process when the harness is killed (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
