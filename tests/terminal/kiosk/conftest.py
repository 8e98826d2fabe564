"""The real kiosk in a real (offscreen) window, with the real ledger: one for all tests, since a process has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ratings.config import Config, Kiosk, Question, Release
from ratings.scale import Score
from ratings.sections import REASONS, Sound, Terminal
from terminal.kiosk import environment, typeface

environment.prepare(offscreen=True)
# Before any test imports something that imports Kivy.
environment.settle()

from terminal.kiosk.app import Kiosk as App  # noqa: E402
from terminal.kiosk.changes import Changes  # noqa: E402
from terminal.kiosk.driver import Driver  # noqa: E402
from terminal.ledger import Ledger, Pending, StoreError  # noqa: E402


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.seconds = 100.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


class Notebook:
    """The real ledger, and what was asked of it in which order. When `broken`, its disk takes nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.broken = False
        self.calls: list[tuple[object, ...]] = []
        self.watch: Callable[[], object] = lambda: None

    @property
    def taps(self) -> list[tuple[Score, str | None]]:
        return [(call[2], call[3]) for call in self.calls if call[0] == "record"]  # type: ignore[misc]

    @property
    def names(self) -> list[object]:
        return [call[0] for call in self.calls]

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> Pending | None:
        self.watch()
        if self.broken:
            raise StoreError("open.db: the disk is full; make room")
        pending = self.ledger.record(question, score, language, moment, repeat=repeat)
        self.calls.append(("record", question, score, language, moment, repeat))
        return pending

    def choose(self, pending: Pending, reason: str) -> None:
        if self.broken:
            raise StoreError("open.db: the disk is full; make room")
        self.ledger.choose(pending, reason)
        self.calls.append(("choose", reason))

    def tidy(self) -> None:
        if self.broken:
            raise StoreError("open.db: the disk is full; make room")
        self.ledger.tidy()
        self.calls.append(("tidy",))

    def release(self, moment: datetime, question: str) -> int:
        if self.broken:
            raise StoreError("open.db: the disk is full; make room")
        written = self.ledger.release(moment, question)
        self.calls.append(("release", moment, question))
        return written

    def configure(self, languages: Sequence[str], reasons: Sequence[str] = ()) -> None:
        if self.broken:
            raise StoreError("open.db: the disk is full; make room")
        self.ledger.configure(languages, reasons)
        self.calls.append(("configure", tuple(languages), tuple(reasons)))


class Rig:
    """The kiosk, and hands for it."""

    def __init__(self, driver: Driver, clock: HandClock, notebook: Notebook, config: Config) -> None:
        self.driver, self.clock, self.notebook = driver, clock, notebook
        self.kiosk, self.config = driver.kiosk, config

    def wait(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.driver.pump()

    def tap(self, target: Score | str) -> None:
        self.driver.touch(*self.centre(target))

    def centre(self, target: Score | str) -> tuple[float, float]:
        if isinstance(target, Score):
            return self.driver.face_centre(target)
        return self.driver.language_centre(target)


CONFIG = Config(
    # Offscreen it can shrink, but not grow. What it does by itself, and what is heard, have tests of their own.
    kiosk=Kiosk(size="1920x1280", attract_seconds=0),
    sound=Sound(volume_percent=0),
    questions=[Question(place="Pro Sentret"), Question(id="second", from_="2026-07", texts={"nb": "Noe annet?"})],
)


@pytest.fixture(scope="session")
def typeface_ready() -> None:
    typeface.ready()


@pytest.fixture(scope="session")
def the_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    card, zone = tmp_path_factory.mktemp("card"), ZoneInfo("Europe/Oslo")
    ledger = Ledger.open(card, Release(), zone, CONFIG.kiosk.languages, REASONS)
    clock, notebook = HandClock(), Notebook(ledger)
    terminal = Terminal(store=card, state=tmp_path_factory.mktemp("state"))
    config = msgspec.structs.replace(CONFIG, terminal=terminal)
    driver = Driver(App(config, clock, notebook, offscreen=True, changes=Changes(config)))
    driver.resize(800, 480)
    yield Rig(driver, clock, notebook, config)
    driver.kiosk.close()
    ledger.close()


@pytest.fixture
def rig(the_rig: Rig) -> Rig:
    """The kiosk at rest, asking, in its first language, with an empty notebook."""
    the_rig.notebook.broken = False
    the_rig.notebook.watch = lambda: None
    the_rig.wait(700)
    the_rig.wait(1)
    the_rig.notebook.calls.clear()
    return the_rig
