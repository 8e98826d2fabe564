"""100,000 ratings from import to report, in each format, as commands: printed, never a test.

By itself: `python -m bench.importing [NUMBER]`.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path


def moments(number: int) -> list[datetime]:
    chance = random.Random(2022)
    begin = datetime(2022, 1, 1, tzinfo=UTC)
    return sorted(begin + timedelta(seconds=chance.randrange(365 * 86_400)) for _ in range(number))


def raw(path: Path, number: int) -> None:
    elements = [
        {"ts": each.isoformat(timespec="milliseconds"), "r": at % 7 % 4} for at, each in enumerate(moments(number))
    ]
    path.write_text(json.dumps(elements, indent=0))


def feedbacks(number: int) -> list[dict[str, object]]:
    return [
        {
            "feedbackId": str(uuid.UUID(int=at, version=4)),
            "smileyId": 7,
            "localTime": f"{each:%Y-%m-%dT%H:%M:%S}",
            "surveyId": 1,
            "experiencePointId": at % 3,
            "buttonIndex": at % 7 % 4,
            "misuse": False,
            "position": 0,
            "ui": "physical",
            "smileyType": "SMILEY_TOUCH",
        }
        for at, each in enumerate(moments(number))
    ]


def command(*words: str) -> float:
    begin = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-m", "fjes", *words], capture_output=True, text=True, env=environment)
    if done.returncode > 1:  # 1 says that a damaged element was refused.
        sys.exit(f"fjes {' '.join(words)}: {done.stderr}")
    return time.perf_counter() - begin


def main(number: int = 100_000) -> list[float]:
    """Prints its figures; returns the seconds of each import."""
    taken = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw(folder / "raw.json", number)
        rows = feedbacks(number)
        (folder / "feedbacks.json").write_text(json.dumps(rows))
        with (folder / "feedbacks.csv").open("w", newline="") as opened:
            writer = csv.DictWriter(opened, list(rows[0]), delimiter=";")
            writer.writeheader()
            writer.writerows({**row, "misuse": "false"} for row in rows)
        # One damaged element, so that each is read by itself.
        damaged = [*rows, {"buttonIndex": 3}]
        (folder / "damaged.json").write_text(json.dumps(damaged))
        for file in ("raw.json", "feedbacks.json", "feedbacks.csv", "damaged.json"):
            database = f"sqlite:///{folder / file}.db"
            put = command("import", "happyornot", str(folder / file), "--terminal", "Bench", "--database", database)
            taken.append(put)
            told = command("report", "--from", "2022-01", "--to", "2022-12", "--database", database)
            print(
                f"import {number:,} ratings, {file:15} {put:5.2f} s; report {told:5.2f} s; together {put + told:5.2f} s"
            )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"import: largest memory of a command {most:.0f} MB")
    return taken


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
