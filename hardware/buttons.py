"""Four buttons that do exactly what the four faces do. Knows nothing of screens, ledgers or what a press leads to.

Each button joins a GPIO pin to ground, and the board's own pull-up keeps the pin high while it is not pressed; or as
the configuration has it (`pull`, `active`). A press counts when the button goes down, once however long it is held. A
button that is down at the start never counts. Nothing is logged: not that a button was pressed, nor which.

A button that is held longer than `STUCK_SECONDS` is stuck: told by `stuck` to whoever asks (the day's release does),
and ignored until it is released, which is to be up for a whole second: a worn contact comes up in between.

Where a held button is to speak (`[buttons] speak`), a press counts when it is released within a second. After that
second it speaks, once however long it is held, and counts for nothing; so does whatever else is held then (a palm).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from hardware import HardwareError
from hardware.chip import open_factory, words
from ratings import config
from ratings.scale import Score

# gpiozero has no types: `Any` is its Factory and its DigitalInputDevice.

HOLD_SECONDS = 1.0
"""From when on a button that is held speaks instead of rating."""

STUCK_SECONDS = 10.0
"""A button that has been down for so long is stuck: nobody presses one that long."""

RELEASED_SECONDS = 1.0
"""So long a button that was stuck has to be up before a press counts again."""

_PULLS = {"up": True, "down": False, "none": None}

Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls something in so many seconds, on any thread; gives what calls it off."""


def later(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """`Later` by the real clock: a thread that waits once, and only while a button is held."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel


@dataclass(slots=True, eq=False)
class _Hold:
    """A button that is down: since when, and whether it is used up."""

    since: float
    call_off: Callable[[], None] = lambda: None
    spent: bool = False


class Buttons:
    """The buttons of a terminal, listening until closed. With the factory `none` there are no buttons.

    `press` is called with the score on a thread of gpiozero's: it hands over to its own loop, and must not raise.
    `speak`, called likewise, is what a held button does where the settings want it; `later` waits for that.
    `monotonic` gives seconds. Raises HardwareError where the configured pins cannot be had; the terminal may go on
    by touch alone then.

    Bounce is kept away twice: gpiozero asks the kernel for it (a level counts when it has lasted for
    `bounce_seconds`, so a spark on a long wire is no rating), and a press so soon after the button's last
    change is passed over here, since not every pin factory does the first.
    """

    def __init__(
        self,
        settings: config.Buttons,
        press: Callable[[Score], None],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        speak: Callable[[], None] | None = None,
        later: Later = later,
    ) -> None:
        self._press = press
        self._speak = speak if settings.speak else None
        self._later = later
        self._holds: dict[Score, _Hold] = {}
        # gpiozero calls on a thread of its own, and what waits on another.
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._bounce = settings.bounce_seconds
        self._changed = dict.fromkeys(Score, float("-inf"))
        # When it went down last; of one that is down from the start, the start.
        self._since = dict.fromkeys(Score, monotonic())
        # Those that were stuck, until they have been up for long enough; and since when they are.
        self._hangs: set[Score] = set()
        self._up_since: dict[Score, float] = {}
        self._was_stuck = False
        self._buttons: list[Any] = []
        self.factory: Any = open_factory(settings)
        """gpiozero's pin factory; None without buttons. With `mock`, `factory.pin(17).drive_low()` presses."""
        if self.factory is None:
            return
        try:
            for score in Score:
                self._buttons.append(self._listen(score, settings))
        except Exception as error:  # gpiozero passes on whatever its pin library raises.
            self.close()
            raise HardwareError(
                f"[buttons]: the pins {settings.pins} cannot be used: {words(error)}; "
                "see that nothing else uses them, or choose other pins (BCM numbers)"
            ) from error

    def _listen(self, score: Score, settings: config.Buttons) -> Any:
        # What gpiozero.Button is made of. A Button also wakes up ten times a second to see whether it is held.
        from gpiozero import DigitalInputDevice

        button = DigitalInputDevice(
            settings.pins[score],
            pull_up=_PULLS[settings.pull],
            # With a pull it follows from that, and gpiozero wants to be told nothing.
            active_state=settings.active == "high" if settings.pull == "none" else None,
            bounce_time=self._bounce or None,
            pin_factory=self.factory,
        )
        button.when_activated = partial(self._down, score)
        button.when_deactivated = partial(self._up, score)
        return button

    def _down(self, score: Score) -> None:
        now = self._monotonic()
        with self._lock:
            counts = self._settled(score, now) and not self._still_hangs(score, now)
            if counts:
                self._since[score] = now
            if counts and self._speak is not None:
                hold = self._holds[score] = _Hold(now)
                hold.call_off = self._later(HOLD_SECONDS, partial(self._held, score, hold))
        if counts and self._speak is None:
            self._press(score)

    def _up(self, score: Score) -> None:
        now = self._monotonic()
        with self._lock:
            settled = self._settled(score, now)
            hold = self._holds.get(score)
            if now - self._since[score] >= STUCK_SECONDS:
                self._was_stuck = True
                self._hangs.add(score)
                self._up_since[score] = now
        if hold is None:
            return
        if settled:
            self._released(score, hold, now)
        else:
            # A bounce while it goes down, or a quick press: the next level tells.
            self._later(self._bounce, partial(self._released, score, hold, now))

    def _still_hangs(self, score: Score, now: float) -> bool:
        """Whether a button that goes down was stuck, and has not been released since."""
        if score in self._hangs and now - self._up_since[score] >= RELEASED_SECONDS:
            self._hangs.discard(score)
        return score in self._hangs

    def _settled(self, score: Score, now: float) -> bool:
        """Whether a level has lasted for the bounce time; the next one begins now."""
        before, self._changed[score] = self._changed[score], now
        return now - before >= self._bounce

    def _held(self, score: Score, hold: _Hold) -> None:
        """The second is over."""
        with self._lock:
            speaks = self._holds.get(score) is hold and self._spend(hold)
        if speaks and self._speak is not None:
            self._speak()

    def _released(self, score: Score, hold: _Hold, when: float) -> None:
        """A button came up, unless it is down again by now."""
        with self._lock:
            if self._holds.get(score) is not hold or self._changed[score] > when:
                return
            del self._holds[score]
            hold.call_off()
            rates = not hold.spent and when - hold.since < HOLD_SECONDS
            # Where the one that waits comes late.
            speaks = not rates and self._spend(hold)
        if rates:
            self._press(score)
        elif speaks and self._speak is not None:
            self._speak()

    def _spend(self, hold: _Hold) -> bool:
        """Use up a hold, and all others with it; returns whether there was anything to use."""
        if hold.spent:
            return False
        for each in (hold, *self._holds.values()):
            each.spent = True
        return True

    def is_down(self, score: Score) -> bool:
        """Whether a button is down at this moment. May be called from any thread."""
        try:
            return bool(self._buttons) and bool(self._buttons[score].is_active)
        except Exception:  # Of a chip that is gone: nothing is down there any more.
            return False

    def stuck(self) -> bool:
        """Whether a button is stuck, or was since `forget_stuck` was called. May be called from any thread."""
        return self._was_stuck or any(map(self.is_stuck, Score))

    def is_stuck(self, score: Score) -> bool:
        """Whether this button is stuck now. May be called from any thread."""
        return self.is_down(score) and self._monotonic() - self._since[score] >= STUCK_SECONDS

    def forget_stuck(self) -> None:
        """What was stuck has been told. What still is stays to be told."""
        self._was_stuck = False

    def close(self) -> None:
        """Stop listening and give the pins back. May be called twice."""
        for button in self._buttons:
            button.close()
        self._buttons.clear()
        with self._lock:
            for hold in self._holds.values():
                hold.call_off()
            self._holds.clear()
        if self.factory is not None:
            self.factory.close()
            self.factory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
