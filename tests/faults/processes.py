"""Many schedules of real processes, on SQLite and PostgreSQL in turn, and what became of them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from tests.conftest import Postgres
from tests.faults.bases import Base, PostgresBase, SqliteBase
from tests.faults.disorder import Broker, Schedule

COMMAND = 'make faults ARGS="processes --seed {seed}"'


@dataclass(slots=True)
class Outcome:
    """Of some schedules: what was in them, and what failed: seeds with their words."""

    schedules: Counter[str] = field(default_factory=Counter)
    """By database and broker."""
    events: Counter[str] = field(default_factory=Counter)
    thanked: int = 0
    dropped: Counter[Broker] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """What was in them, and a paragraph for each schedule that failed."""
        yield "; ".join(f"{name}: {number}" for name, number in sorted(self.schedules.items()))
        yield f"{self.thanked} taps; " + ", ".join(f"{name} {number}" for name, number in self.events.most_common())
        yield "times that a broker said it drops messages: " + (
            "; ".join(f"{broker}: {number}" for broker, number in self.dropped.items()) or "none"
        )
        yield from map(self.complaint, sorted(self.failed))

    def complaint(self, seed: int) -> str:
        """What failed, and how to run it again."""
        return f"FAILED, seed {seed}: {self.failed[seed]}\n  again: {COMMAND.format(seed=seed)}"


def run(seeds: Iterable[int], cluster: Postgres, *, aloud: bool = False) -> Outcome:
    """Run schedules one after the other; `aloud` prints each step. The folder of one that fails is kept, and named."""
    outcome = Outcome()
    PostgresBase.prepare(cluster)
    for seed in seeds:
        folder = Path(tempfile.mkdtemp(prefix=f"fjes-faults-{seed}-"))
        base: Base = PostgresBase(cluster) if seed % 2 else SqliteBase(folder)
        schedule = Schedule(seed, folder, base, print if aloud else _silent)
        try:
            schedule.run()
        except (Exception, pytest.fail.Exception) as error:
            outcome.failed[seed] = f"{type(error).__name__}: {error}\n  its files and logs: {folder}"
            click.echo(outcome.complaint(seed))
            if aloud:
                traceback.print_exc()
        else:
            shutil.rmtree(folder)
        outcome.schedules[f"{'PostgreSQL' if seed % 2 else 'SQLite'}, broker {schedule.broker}"] += 1
        outcome.events += schedule.events
        outcome.thanked += sum(schedule.thanked)
        outcome.dropped[schedule.broker] += schedule.dropped
    return outcome


@contextlib.contextmanager
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL of our own."""
    made = Postgres()
    try:
        yield made.start()
    finally:
        made.remove()


def _silent(_: str) -> None:
    """Say nothing."""
