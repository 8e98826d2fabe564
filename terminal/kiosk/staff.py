"""The staff menu: its pages, and what a key does. Knows no window, no ledger and no picture.

It opens after the hold in the corner and the PIN, and closes by itself. While it is open nothing is rated: touches are
keys, and hardware buttons only light a face on the page that tests them. Nothing in it opens by a button.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ratings.config import Config
from ratings.scale import Score
from terminal import pin
from terminal.clock import Clock
from terminal.health import Line, Phrase, phrase
from terminal.kiosk.touch import Key
from terminal.pin import Attempts, PinError, Tries

CLOSE_SECONDS = 60.0
"""Without a touch it closes by itself."""

LANGUAGES = ("nb", "en")

OK, ERASE, CLOSE, BACK, MORE = Key("ok"), Key("erase"), Key("close"), Key("back"), Key("more")
BUTTONS, SOUND, TOUCH, OTHER_LANGUAGE = Key("buttons"), Key("sound"), Key("touch"), Key("language")
DIGITS = tuple(Key(digit) for digit in "0123456789")

ONE_MOMENT = phrase("One moment …")
WRONG = phrase("That is not the PIN.")


def locked_until(time: str) -> Phrase:
    """What is said while no PIN may be tried; `time` is of the clock on the wall."""
    return phrase("Too many tries. Locked until %(time)s.", time=time)


class Page(StrEnum):
    """What is on the screen."""

    PIN = "pin"
    STATUS = "status"
    BUTTONS = "buttons"
    SOUND = "sound"
    TOUCH = "touch"


@dataclass(frozen=True, slots=True)
class StaffView:
    """All that the picture depends on."""

    page: Page
    language: str
    digits: int = 0
    """How many have been typed, never which."""
    said: Phrase | None = None
    lines: tuple[Line, ...] = ()
    leaf: int = 0
    """Which leaf of the lines, counted from 0; the layout decides how many there are."""
    pressed: frozenset[Score] = frozenset()
    keys: frozenset[Key] = frozenset()
    """Those of the tests that there are."""
    spoken: tuple[str, ...] = ()
    """Languages that can be heard."""
    speaking: str | None = None
    held: Key | None = None


@dataclass(frozen=True, slots=True)
class Doors:
    """What the menu wants of the kiosk."""

    look: Callable[[], Sequence[Line]]
    """How the terminal is."""
    wake: Callable[[], None]
    """Called from another thread when there is something to do."""
    spoken: Callable[[], Sequence[str]] = lambda: ()
    speak: Callable[[str], None] = lambda _: None
    speaks: Callable[[], bool] = lambda: False
    hush: Callable[[], None] = lambda: None
    touch_test: bool = False


class Staff:
    """The menu of one terminal. Not thread-safe: one thread calls it."""

    def __init__(self, config: Config, clock: Clock, doors: Doors) -> None:
        self._config = config
        self._clock = clock
        self._doors = doors
        self._attempts = self._count_attempts()
        self._page: Page | None = None
        first = next((each for each in config.kiosk.languages if each in LANGUAGES), LANGUAGES[1])
        self._language = first
        self._reset()

    def _count_attempts(self) -> Attempts:
        tries = Tries(self._config.terminal.store)
        return Attempts(self._clock, tries.read() if self.exists else 0, tries.write)

    def _reset(self) -> None:
        # A check under way counts as a wrong try: whoever leaves before it ends has not shown that it was right.
        self._check: _Check | None = None
        self._typed = ""
        self._said: Phrase | None = None
        self._says_locked = False
        self._lines: tuple[Line, ...] = ()
        self._leaf = 0
        self._pressed: frozenset[Score] = frozenset()
        self._speaking: str | None = None
        self._touched = self._clock.monotonic()

    @property
    def exists(self) -> bool:
        """Whether there is a menu at all: only with a PIN."""
        return self._config.staff.pin is not None

    @property
    def is_open(self) -> bool:
        """Whether it is in front of the visitors' screens."""
        return self._page is not None

    @property
    def page(self) -> Page | None:
        """What is on the screen; None while it is closed."""
        return self._page

    @property
    def checking(self) -> bool:
        """Whether a PIN is being compared just now."""
        return self._check is not None

    def open(self) -> None:
        """The corner was held: ask for the PIN."""
        if self.exists and not self.is_open:
            self._doors.hush()
            self._reset()
            self._page = Page.PIN
            self._say_locked()

    def close(self) -> None:
        """Back to the visitors; nothing of it stays."""
        if self.is_open:
            self._doors.hush()
            self._page = None
            self._reset()

    def configure(self, config: Config) -> None:
        """Go by another configuration from now on; an open menu closes. With the same PIN, tries are not forgotten."""
        self.close()
        before, self._config = self._config, config
        if (before.staff, before.terminal.store) != (config.staff, config.terminal.store):
            self._attempts = self._count_attempts()

    def back(self) -> None:
        """From a test to the status, which is looked at anew."""
        self._doors.hush()
        self._speaking = None
        self._show_status()

    def touched(self) -> None:
        """A finger was put down somewhere, or a button pressed."""
        self._touched = self._clock.monotonic()

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `look` will do something; None while it is closed."""
        if not self.is_open:
            return None
        ends = [self._touched + CLOSE_SECONDS]
        if self._page is Page.PIN and self._attempts.locked:
            ends.append(self._attempts.free_at)
        return min(ends)

    def look(self) -> None:
        """Time has passed, or a check has ended: do what is due."""
        if not self.is_open:
            return
        if self._check is not None and self._check.result is not None:
            self._checked(self._check.result)
        if self._clock.monotonic() - self._touched >= CLOSE_SECONDS:
            self.close()
        elif self._says_locked and not self._attempts.locked:
            self._said, self._says_locked = None, False
        elif self._speaking is not None and not self._doors.speaks():
            self._speaking = None

    def view(self, held: Key | None = None) -> StaffView:
        """What is to be seen; the key `held` looks held."""
        assert self._page is not None
        keys = {BUTTONS} if self._config.buttons.factory != "none" else set()
        spoken = tuple(self._doors.spoken())
        if spoken:
            keys.add(SOUND)
        if self._doors.touch_test:
            keys.add(TOUCH)
        return StaffView(
            page=self._page,
            language=self._language,
            digits=len(self._typed),
            said=self._said,
            lines=self._lines,
            leaf=self._leaf,
            pressed=self._pressed,
            keys=frozenset(keys),
            spoken=spoken,
            speaking=self._speaking,
            held=held,
        )

    def button(self, score: Score) -> None:
        """A hardware button was pressed: never a rating here."""
        if self._page is Page.BUTTONS:
            self.touched()
            self._pressed |= {score}

    def press(self, key: Key) -> None:
        """A key was touched."""
        self.touched()
        if key == CLOSE:
            self.close()
        elif key == OTHER_LANGUAGE:
            self._language = LANGUAGES[1 - LANGUAGES.index(self._language)]
        elif self._page is Page.PIN:
            self._press_pad(key)
        elif key == BACK:
            self.back()
        elif key == MORE:
            self._leaf += 1
        elif key == BUTTONS:
            self._pressed = frozenset()
            self._page = Page.BUTTONS
        elif key in (SOUND, TOUCH):
            self._page = Page(key.name)
        elif self._page is Page.SOUND:
            self._speaking = key.name
            self._doors.speak(key.name)

    def _press_pad(self, key: Key) -> None:
        if self._check is not None or self._attempts.locked:
            return
        if key == ERASE:
            self._typed = self._typed[:-1]
        elif key in DIGITS and len(self._typed) < pin.MOST_DIGITS:
            self._typed += key.name
            self._said = None
        elif key == OK and self._typed and self._attempts.begin():
            self._said = ONE_MOMENT
            self._check = _Check(self._typed, self._config.staff.pin or "", self._doors.wake)

    def _checked(self, right: bool) -> None:
        self._check, self._typed, self._said = None, "", None
        if right:
            self._attempts.right()
            self._show_status()
        else:
            self._said = WRONG
            self._say_locked()

    def _say_locked(self) -> None:
        if self._attempts.locked:
            until = self._clock.now() + timedelta(seconds=self._attempts.free_at - self._clock.monotonic())
            # Rounded up: at the second that is named it is free.
            until += timedelta(microseconds=-until.microsecond % 1_000_000)
            until = until.astimezone(self._config.terminal.zone)
            self._said, self._says_locked = locked_until(f"{until:%H:%M:%S}"), True

    def _show_status(self) -> None:
        self._page, self._leaf = Page.STATUS, 0
        self._lines = tuple(self._doors.look())


class _Check:
    """Compares a PIN with its hash on a thread of its own: it takes a second on a small board."""

    def __init__(self, typed: str, stored: str, wake: Callable[[], None]) -> None:
        self.result: bool | None = None
        self._wake = wake
        # A daemon: whoever stops the kiosk in this very second need not wait for it.
        threading.Thread(target=self._run, args=(typed, stored), name="pin", daemon=True).start()

    def _run(self, typed: str, stored: str) -> None:
        try:
            self.result = pin.matches(typed, stored)
        except PinError:
            self.result = False
        self._wake()
