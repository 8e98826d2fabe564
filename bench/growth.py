"""Whether the kiosk's memory grows with the ratings: a process that takes many, and is looked at meanwhile.

By itself: `python -m bench.growth FOLDER NUMBER`. Every rating is a touch in the window and a commit to the ledger,
with its thank-you drawn; only the waiting is left out: for thank-yous, and for the disk. A rating takes 40 seconds of
its clock, so that days end and months are released; every tenth visitor chooses another language first.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import processes
from ratings.config import Config, Kiosk, Sound
from ratings.scale import Score
from terminal.ledger import Ledger

WARM = 2000
"""After so many ratings the first look: what is kept for good is there by then (every language, a month's release)."""
APART = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class Growth:
    """What the process held that is of no file, in MB: after so many ratings each."""

    held: list[tuple[int, float]]

    @property
    def megabytes(self) -> float:
        """From when it was warm to the end."""
        return self.held[-1][1] - self.held[0][1]

    def __str__(self) -> str:
        return ", ".join(f"after {number}: {held:.1f} MB" for number, held in self.held)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


def measure(folder: Path, number: int) -> Growth:
    """Let a new process take so many ratings."""
    child = processes.Child("bench.growth", str(folder), str(number))
    try:
        return Growth([tuple(each) for each in child.hear()])
    finally:
        child.close()


def main(folder: Path, number: int) -> None:
    config = Config(kiosk=Kiosk(size="480x320"), sound=Sound(volume_percent=0))
    ledger = Ledger.open(folder / "growth", config.release, ZoneInfo("Europe/Oslo"), config.kiosk.languages)
    for name in ("main", "outbox"):
        ledger.connection.execute(f"PRAGMA {name}.synchronous=OFF")
    # Only now: importing these imports Kivy, whose memory is to be ready before the first look.
    from terminal.kiosk.app import Kiosk as App

    clock = Clock()
    kiosk = App(config, clock, ledger, offscreen=True)
    from terminal.kiosk.driver import Driver

    driver, languages = Driver(kiosk), config.kiosk.languages
    warm = min(WARM, number // 2)
    looks = {warm, (warm + number) // 2, number}
    held = []
    for count in range(1, number + 1):
        if count % 10 == 0:
            driver.touch(*driver.language_centre(languages[count // 10 % len(languages)]))
        driver.touch(*driver.face_centre(Score(count % 4)))
        clock.moment += APART
        driver.pump()
        if count in looks:
            held.append((count, processes.memory(["self"]).anonymous))
    print(json.dumps(held), flush=True)
    kiosk.close()
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
