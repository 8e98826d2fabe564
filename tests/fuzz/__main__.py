"""`python -m tests.fuzz`: throw bytes at all that is read from the network. `make fuzz` runs this.

Each target in a process of its own, which keeps what has led somewhere new in `.cache/fuzz`, for the next time. What
makes one fail is kept there too, and can be tried again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import click

from tests.fuzz import targets

SECONDS = 600
"""In total."""


def main() -> int:
    """Returns the exit code: 1 where any target failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Throw bytes at what is read.")
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"which (all): {', '.join(targets.NAMES)}")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"for how long, in total ({SECONDS})")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what has made a target fail")
    wishes = parser.parse_args()
    names = wishes.target or targets.NAMES
    if unknown := set(names) - set(targets.NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(targets.NAMES)}")
    if wishes.again:
        with targets.target(names[0]) as target:
            target(wishes.again.read_bytes())
        return 0
    failed = []
    for name in names:
        click.echo(f"{name}:")
        seconds = str(max(1, wishes.seconds // len(names)))
        if subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, seconds]).returncode:
            failed.append(name)
    for name in failed:
        click.echo(f"FAILED: {name}. Once more: make fuzz ARGS='{name} --again FILE' with the file named above")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
