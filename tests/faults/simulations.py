"""Many schedules of the simulator: in several processes, each with a folder in memory, and what became of them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import click

from tests.faults.dashboard import template
from tests.faults.disk import Disk
from tests.faults.model import Figures, Kind
from tests.faults.simulator import TERMINALS, Schedule, kind_of

COMMAND = 'make faults ARGS="simulate --seed {seed}"'
PORTION = 25
"""So many schedules a process takes at a time."""


@dataclass(slots=True)
class Outcome:
    """Of some schedules: what was in them, by kind, and what failed: seeds with their words."""

    figures: dict[Kind, Figures] = field(default_factory=lambda: {kind: Figures() for kind in Kind})
    schedules: Counter[Kind] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Sum up."""
        for kind in Kind:
            self.figures[kind].add(other.figures[kind])
        self.schedules += other.schedules
        self.failed |= other.failed

    def lines(self) -> Iterator[str]:
        """A line for each kind, and one for each schedule that failed."""
        for kind in Kind:
            here = self.figures[kind]
            events = sum(here.events.values())
            yield (
                f"{kind}: {self.schedules[kind]} schedules, {events} events, {here.taps} taps, {here.cut} cuts of "
                f"power, {here.refused} taps refused by a full disk, {here.destroyed} destroyed with their last copy, "
                f"{here.outshone} outshone by another life of their card"
            )
        yield from map(self.complaint, sorted(self.failed))

    def complaint(self, seed: int) -> str:
        """What failed, and how to run it again."""
        return f"FAILED, seed {seed}: {self.failed[seed]}\n  again: {COMMAND.format(seed=seed)}"


_disk: Disk | None = None


def run(seeds: Iterable[int], *, aloud: bool = False) -> Outcome:
    """Run schedules in this process; `aloud` prints each step. Raises OSError where no disk can be made to fail."""
    global _disk
    _disk = _disk or Disk()  # One a process.
    outcome = Outcome()
    with _folder() as base:
        made = template(base, list(TERMINALS))
        for seed in seeds:
            folder = base / str(seed)
            folder.mkdir()
            schedule = None
            try:
                schedule = Schedule(seed, folder, made, _disk, print if aloud else _silent)
                schedule.run()
            except Exception as error:
                outcome.failed[seed] = f"{type(error).__name__}: {error}"
                if aloud:
                    traceback.print_exc()
            if schedule is not None:
                outcome.figures[schedule.kind].add(schedule.figures)
            outcome.schedules[kind_of(seed)] += 1
            shutil.rmtree(folder)
    return outcome


def run_many(first: int, number: int, jobs: int) -> Outcome:
    """Run schedules of consecutive seeds in several processes."""
    outcome = Outcome()
    portions = [range(at, min(at + PORTION, first + number)) for at in range(first, first + number, PORTION)]
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
        click.progressbar(pool.map(run, portions), len(portions), file=sys.stderr) as parts,
    ):
        for part in parts:
            outcome.add(part)
            for seed in part.failed:
                click.echo(part.complaint(seed))
    return outcome


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder in memory, where there is one: what is written here need not last."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(prefix="fjes-faults-", dir=memory if os.access(memory, os.W_OK) else None) as path:
        yield Path(path)


def _silent(_: str) -> None:
    """Say nothing."""
