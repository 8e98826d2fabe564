"""One target, its bytes guided by atheris: `python -m tests.fuzz.guided TARGET SECONDS`, which `tests.fuzz` starts."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

# What is to be watched has to be imported here, for the first time.
with atheris.instrument_imports(include=["ratings", "dashboard", "terminal"]):
    from tests.fuzz import targets

CORPUS = Path(__file__).resolve().parents[2] / ".cache/fuzz"
LONGEST = 4096


def main(name: str, seconds: str) -> None:
    """Ends the process, with another exit code than 0 where the target failed."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-artifact_prefix={CORPUS}/{name}-"]
    with targets.target(name) as target:
        atheris.Setup([sys.argv[0], *options, "-verbosity=0", "-print_final_stats=1", str(corpus)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
