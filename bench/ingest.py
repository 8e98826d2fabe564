"""How many tables the dashboard takes in a second, from a message's bytes to its commit: `python -m bench.ingest`.

Years of terminals as the protocol brings them: payloads of many tables each, one transaction a payload. On SQLite,
and on a PostgreSQL of its own where that is installed; both wait for the disk.
"""

from __future__ import annotations

import random
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from sqlalchemy import Engine

from bench import postgres, processes
from bench.figures import verdict
from dashboard import exchange, store
from ratings import period as periods
from ratings import wire
from ratings.config import DEFAULT_QUESTION, LANGUAGES
from ratings.period import Grain
from ratings.table import COUNTED, REPEAT, UNCHOSEN, Cells, Epoch, Revision, Slice, Table, all_hours

TERMINALS = 48
ROUNDS = 4
YEAR = 2025
AIM = 5000


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
    if not postgres.is_installed():
        return None
    with postgres.running() as url:
        return _measure(url)


def _measure(url: str) -> Speed:
    engine = store.open_engine(url)
    try:
        return measure(engine)
    finally:
        engine.dispose()


def main(folder: Path) -> None:
    """Measure and print both."""
    sqlite = on_sqlite(folder)
    print(f"  SQLite      {sqlite}")
    print(f"  PostgreSQL  {on_postgres() or 'is not installed'}")
    aim, found = f"at least {AIM:,} a second", f"{sqlite.per_second:,.0f} a second"
    print(verdict("tables taken in, on SQLite", aim, found, met=sqlite.per_second >= AIM))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-", dir=processes.HERE / ".cache") as main_folder:
        main(Path(main_folder))
