"""`python -m tests.fuzz`: throw bytes at all that is read from the network, guided by atheris. `make fuzz` runs this.

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

CORPUS = Path(__file__).resolve().parents[2] / ".cache/fuzz"
SECONDS = 600
"""In total."""
LONGEST = 4096


def main() -> int:
    """Returns the exit code: 1 where any target failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Throw bytes at what is read.")
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"which (all): {', '.join(targets.NAMES)}")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"for how long, in total ({SECONDS})")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what has made it fail")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    names = wishes.target or targets.NAMES
    if unknown := set(names) - set(targets.NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(targets.NAMES)}")
    if wishes.again:
        with targets.target(names[0]) as target:
            target(wishes.again.read_bytes())
        return 0
    if wishes.here:
        _run(names[0], wishes.seconds)
    failed = []
    for name in names:
        click.echo(f"{name}:")
        each = ["--here", name, "--seconds", str(max(1, wishes.seconds // len(names)))]
        if subprocess.run([sys.executable, "-m", "tests.fuzz", *each]).returncode:
            failed.append(name)
    for name in failed:
        click.echo(f"FAILED: {name}. Once more: make fuzz ARGS='{name} --again FILE' with the file named above")
    return 1 if failed else 0


def _run(name: str, seconds: int) -> None:
    """Fuzz one target; atheris ends the process."""
    import atheris

    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={CORPUS}/{name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    with targets.target(name) as target:
        atheris.instrument_all()
        atheris.Setup([sys.argv[0], *options, str(corpus)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
