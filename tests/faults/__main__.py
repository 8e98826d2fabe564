"""`python -m tests.faults`: both fault harnesses, or one, or one schedule again. `make faults` runs this."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

import click

from tests.faults import processes, simulations

SIMULATED, REAL = 10_000, 108
"""How many schedules."""


def main() -> int:
    """Returns the exit code: 1 where any schedule failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Let everything fail, and count.")
    parser.add_argument("which", nargs="?", choices=("simulate", "processes", "both"), default="both")
    parser.add_argument("--schedules", type=int, help=f"how many ({SIMULATED} simulated, {REAL} with real processes)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--seed", type=int, help="one schedule again, each step told")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="simulations at once")
    wishes = parser.parse_args()
    if wishes.seed is not None and wishes.which == "both":
        parser.error("--seed is of one harness: say simulate or processes")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # Through every clean-up.
    good = True
    if wishes.which in ("simulate", "both"):
        good = _simulate(wishes) and good
    if wishes.which in ("processes", "both"):
        good = _processes(wishes) and good
    return 0 if good else 1


def _simulate(wishes: argparse.Namespace) -> bool:
    began = time.monotonic()
    if wishes.seed is not None:
        outcome = simulations.run([wishes.seed], aloud=True)
    else:
        outcome = simulations.run_many(wishes.first, wishes.schedules or SIMULATED, wishes.jobs)
    number = outcome.schedules.total()
    click.echo(f"The protocol, simulated: {number} schedules in {time.monotonic() - began:.0f} s.")
    click.echo("\n".join(outcome.lines()))
    return not outcome.failed


def _processes(wishes: argparse.Namespace) -> bool:
    began = time.monotonic()
    seeds = range(wishes.first, wishes.first + (wishes.schedules or REAL))
    with processes.cluster() as cluster:
        if wishes.seed is not None:
            outcome = processes.run([wishes.seed], cluster, aloud=True)
        else:
            with click.progressbar(seeds, file=sys.stderr) as each:
                outcome = processes.run(each, cluster)
    number = outcome.schedules.total()
    click.echo(f"Real processes: {number} schedules in {time.monotonic() - began:.0f} s.")
    click.echo("\n".join(outcome.lines()))
    return not outcome.failed


if __name__ == "__main__":
    sys.exit(main())
