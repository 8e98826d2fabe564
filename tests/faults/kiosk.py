"""The kiosk's command as it is, pressed from within: `python -m tests.faults.kiosk CONFIG MOMENT`.

Its buttons are gpiozero's on mock pins, and are pressed as a level on a pin. Its clock starts at MOMENT (ISO 8601, with
an offset) and jumps where it is told to, and the rests after a thank-you are skipped. Reads lines, answers each:
`tap SCORE` when the thank-you is on the screen by `thanked`, or by `refused` where it is out of order;
`days NUMBER` when that has passed and was released. It ends with its standard input.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import hardware.buttons
import terminal.clock
import terminal.kiosk.app
import terminal.ledger
from fjes.cli import main
from ratings.config import Buttons as Settings
from ratings.scale import Score
from terminal.trust import Trust
from terminal.visit import State

SKIPPED_SECONDS = 60.0
LIMIT_SECONDS = 30.0


class Clock(terminal.clock.CheckedClock):
    """Time goes on as it does, from another moment, and skips what it is told to."""

    moment: datetime
    days = 0
    skipped = 0.0

    def __init__(self, trust: Trust, known: Callable[[], date | None]) -> None:
        super().__init__(trust, known)
        self._began = super().monotonic()

    def now(self) -> datetime:
        passed = super().monotonic() - self._began
        return Clock.moment + timedelta(days=Clock.days, seconds=passed)

    def monotonic(self) -> float:
        return super().monotonic() + Clock.skipped


class Buttons(hardware.buttons.Buttons):
    """The buttons, whose pins can be reached."""

    made: Buttons

    def __init__(self, settings: Settings, *arguments: Any, **more: Any) -> None:
        super().__init__(settings, *arguments, **more)
        self.pins = settings.pins
        Buttons.made = self
        Kiosk.ready.set()

    def press(self, score: Score) -> None:
        """Push a button down, and let it come up."""
        pin = self.factory.pin(self.pins[score])
        pin.drive_low()
        pin.drive_high()


class Kiosk(terminal.kiosk.app.Kiosk):
    """The kiosk; what is on its screen is told."""

    made: Kiosk
    ready = threading.Event()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.shown: State | None = None
        self.rounds = 0
        self.changed = threading.Condition()
        super().__init__(*arguments, **more)
        Kiosk.made = self

    def step(self) -> None:
        super().step()
        with self.changed:
            self.shown = self.visit.state
            self.rounds += 1
            self.changed.notify_all()

    def wait(self, *states: State) -> State:
        """Until one of these is on the screen; says which. Called from another thread."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.shown in states, LIMIT_SECONDS) or self.shown is None:
                raise TimeoutError(f"the kiosk shows {self.shown}, not {states}")
            return self.shown

    def go_round(self) -> None:
        """Until the loop has gone round twice: what was due is done."""
        with self.changed:
            until = self.rounds + 2
        while self.rounds < until:
            self.refresh()
            with self.changed:
                self.changed.wait_for(lambda: self.rounds >= until, 0.05)


class Ledger(terminal.ledger.Ledger):
    """The ledger; when something was released is told."""

    released: date | None = None

    def release(self, moment: datetime, question: str) -> int:
        written = super().release(moment, question)
        Ledger.released = moment.astimezone(self.zone).date()
        return written


def _tap(score: Score) -> str:
    kiosk = Kiosk.made
    kiosk.wait(State.ASKING)
    Buttons.made.press(score)
    shown = kiosk.wait(State.THANKS, State.FOLLOW_UP, State.OUT_OF_ORDER)
    while kiosk.shown is not State.ASKING:
        Clock.skipped += SKIPPED_SECONDS
        kiosk.go_round()
    return "refused" if shown is State.OUT_OF_ORDER else "thanked"


def _days(number: int) -> str:
    kiosk = Kiosk.made
    Clock.days += number
    Clock.skipped += SKIPPED_SECONDS
    kiosk.go_round()
    return "released" if Ledger.released == _today() else "not released"


def _today() -> date:
    return (Clock.moment + timedelta(days=Clock.days)).date()


def _converse(answers: Any) -> None:
    Kiosk.ready.wait()
    try:
        Kiosk.made.wait(State.ASKING)
        answers.write("ready\n")
        for line in sys.stdin:
            word, _, number = line.strip().partition(" ")
            answers.write((_tap(Score(int(number))) if word == "tap" else _days(int(number))) + "\n")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def run(config: Path, moment: str) -> None:
    """Run the command, and press."""
    Clock.moment = datetime.fromisoformat(moment)
    vars(terminal.clock).update(CheckedClock=Clock)
    vars(terminal.kiosk.app).update(Kiosk=Kiosk)
    vars(terminal.ledger).update(Ledger=Ledger)
    vars(hardware.buttons).update(Buttons=Buttons)
    # The answers go where only they go; whatever else is said is in the log.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    threading.Thread(target=_converse, args=(answers,), name="presses", daemon=True).start()
    main(["terminal", "kiosk", "--quiet", "--config", str(config)])


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
