"""Renders every screen in every language and several sizes into a folder: `python -m terminal.kiosk.shots FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ratings.config import Config, Kiosk, Question
from ratings.scale import Score
from terminal.kiosk.app import Kiosk as App
from terminal.kiosk.driver import Driver
from terminal.ledger import StoreError

SIZES = ((800, 480), (1280, 800), (1920, 1080), (480, 800), (800, 1280))


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self.moment = moment
        self.seconds = 0.0

    def now(self) -> datetime:
        """The moment it shows."""
        return self.moment

    def monotonic(self) -> float:
        """Seconds it was moved by."""
        return self.seconds


class NoLedger:
    """Forgets every rating; or, when it is `full`, refuses them."""

    full = False

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> None:
        """Take a rating, and forget it."""
        if self.full:
            raise StoreError("full")

    def tidy(self) -> None:
        """There is nothing to tidy."""

    def release(self, moment: datetime, question: str) -> int:
        """There is nothing to release."""
        return 0


def shoot(folder: Path, sizes: Sequence[tuple[int, int]], place: str = "") -> None:
    """Write the pictures as `<width>x<height>-<language>-<screen>.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    clock, ledger = HandClock(), NoLedger()
    # An offscreen window cannot grow: it is opened as wide and as high as any.
    widest, highest = max(width for width, _ in sizes), max(height for _, height in sizes)
    config = Config(questions=[Question(place=place)], kiosk=Kiosk(size=f"{widest}x{highest}"))
    kiosk = App(config, clock, ledger, offscreen=True)
    driver = Driver(kiosk)
    for size in sizes:
        driver.resize(*size)
        for language in config.kiosk.languages:
            stem = f"{size[0]}x{size[1]}-{language}"
            at = driver.face_centre(Score.HAPPY)
            driver.touch(*driver.language_centre(language))
            driver.picture().save(folder / f"{stem}-asking.png")
            driver.down(*at)
            driver.picture().save(folder / f"{stem}-held.png")
            driver.up(*at)
            driver.picture().save(folder / f"{stem}-thanks.png")
            clock.seconds += 60
            driver.pump()
            ledger.full = True
            driver.touch(*driver.language_centre(language))
            driver.touch(*at)
            driver.picture().save(folder / f"{stem}-out-of-order.png")
            ledger.full = False
            clock.seconds += 60
            driver.pump()
    kiosk.close()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m terminal.kiosk.shots FOLDER [NAME OF THE PLACE]")
    shoot(Path(sys.argv[1]), SIZES, *sys.argv[2:])
