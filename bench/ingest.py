"""How many tables the dashboard takes in a second, from a message's bytes to its commit: `python -m bench.ingest`.

Years of terminals as the protocol brings them: payloads of many tables each, one transaction a payload. On SQLite,
and on a PostgreSQL of its own where that is installed; both wait for the disk.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from sqlalchemy import Engine

from bench import processes
from dashboard import exchange, store
from ratings import period as periods
from ratings import wire
from ratings.config import DEFAULT_QUESTION, LANGUAGES
from ratings.period import Grain
from ratings.table import COUNTED, REPEAT, UNCHOSEN, Cells, Epoch, Revision, Slice, Table, all_hours

TERMINALS = 48
ROUNDS = 4
YEAR = 2025
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Tables per second of the wall clock, and per second of this process's CPU time: medians of the rounds."""

    tables: int
    per_second: float
    per_cpu_second: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:,.0f} tables/s; {self.per_cpu_second:,.0f} per CPU second of the ingest "
            f"(medians of {ROUNDS}; {self.tables:,} tables)"
        )


def year(chance: random.Random) -> list[Table]:
    """What a busy terminal releases in a year: nothing was pooled, each quarter has its 168 hours."""

    def cells(keys: list[str]) -> Cells:
        return {key: (chance.randrange(9), chance.randrange(9), chance.randrange(9, 99), 99) for key in keys}

    made: list[Table] = []
    day = date(YEAR, 1, 1)
    while day.year == YEAR:
        for slice_, grain, keys in (
            (Slice.TOTAL, Grain.MONTH, [COUNTED, REPEAT]),
            (Slice.TREND, Grain.WEEK, [COUNTED]),
            (Slice.LANGUAGE, Grain.QUARTER, [*LANGUAGES, UNCHOSEN]),
            (Slice.HOUR, Grain.QUARTER, all_hours()[:168]),
        ):
            period = periods.period_of(grain, day)
            if period.first == day:
                written = periods.write(period, Grain.DAY if slice_ is Slice.TREND else grain)
                made.append(Table(DEFAULT_QUESTION, slice_, written, cells(keys)))
        day += periods.DAY
    return made


def payloads(chance: random.Random) -> list[bytes]:
    """The year of a terminal as it travels."""
    epoch, after = Epoch(str(uuid.UUID(int=chance.getrandbits(128), version=4))), Revision(0)
    left = [(Revision(number), wire.encode_table(table)) for number, table in enumerate(year(chance), 1)]
    made = []
    while left:
        batch = wire.pack(epoch, str(uuid.UUID(int=chance.getrandbits(128), version=4)), after, left)
        made.append(wire.encode(batch))
        left, after = left[len(batch.tables) :], Revision(batch.upto)
    return made


def measure(engine: Engine) -> Speed:
    store.upgrade(engine)
    chance = random.Random(1)
    walls, cpus, count = [], [], 0
    for round_ in range(ROUNDS):
        terminals = [f"terminal-{round_}-{number}" for number in range(TERMINALS // ROUNDS)]
        with engine.begin() as connection:
            for terminal in terminals:
                store.add_terminal(connection, terminal, "Bench", "Europe/Oslo", terminal_id=terminal)
        messages = [(terminal, payload) for terminal in terminals for payload in payloads(chance)]
        taken = 0
        wall, cpu = time.perf_counter(), time.process_time()
        for terminal, payload in messages:
            batch = wire.decode(payload, wire.Batch)
            with engine.begin() as connection:
                exchange.handle_batch(connection, terminal, batch, date(YEAR + 1, 1, 1))
            taken += len(batch.tables)
        walls.append(taken / (time.perf_counter() - wall))
        cpus.append(taken / (time.process_time() - cpu))
        count += taken
    return Speed(count, median(walls), median(cpus))


def on_sqlite(folder: Path) -> Speed:
    return _measure(f"sqlite:///{folder / 'ingest.db'}")


def on_postgres() -> Speed | None:
    """None where no PostgreSQL is installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    if not programs:
        return None
    with _postgres(programs[-1].parent) as url:
        return _measure(url)


def _measure(url: str) -> Speed:
    engine = store.open_engine(url)
    try:
        return measure(engine)
    finally:
        engine.dispose()


@contextlib.contextmanager
def _postgres(programs: Path) -> Iterator[str]:
    """A PostgreSQL with its usual settings, on 127.0.0.1 and a free port, gone afterwards; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="fjes-bench-postgres-"))
    process = None
    try:
        # It refuses to run as root.
        user = pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        more = {"cwd": folder, "user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        data = str(folder / "data")
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "fjes", "-A", "trust", "--locale=C", "-E", "UTF8"],
            check=True,
            **more,
        )  # type: ignore[call-overload]
        options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        # No parent's death signal: it is lost with the change of user. PostgreSQL ends when its folder goes.
        process = subprocess.Popen([programs / "postgres", "-D", data, *options], start_new_session=True, **more)  # type: ignore[call-overload]
        until = time.monotonic() + START_SECONDS
        while subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("PostgreSQL did not start")
            time.sleep(0.1)
        yield f"postgresql://fjes@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # "fast": open connections are ended
            processes.end(process)
        shutil.rmtree(folder)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite", on_sqlite(Path(folder)))
    print("PostgreSQL", on_postgres())


if __name__ == "__main__":
    main()
