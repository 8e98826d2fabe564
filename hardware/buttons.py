"""Four buttons that do exactly what the four faces do. Knows nothing of screens, ledgers or what a press leads to.

Each button joins a GPIO pin to ground; the board's own pull-up keeps the pin high while it is not pressed.
A press counts when the button goes down, once however long it is held. A button that is stuck down at the
start never counts. Nothing is logged: not that a button was pressed, nor which.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

from hardware import HardwareError
from ratings import config
from ratings.scale import Score

# gpiozero has no types: `Any` is its Factory and its DigitalInputDevice.


class Buttons:
    """The buttons of a terminal, listening until closed. With the factory `none` there are no buttons.

    `press` is called with the score on a thread of gpiozero's: it hands over to its own loop, and must not raise.
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
    ) -> None:
        self._press = press
        self._monotonic = monotonic
        self._bounce = settings.bounce_seconds
        self._changed = dict.fromkeys(Score, float("-inf"))
        self._buttons: list[Any] = []
        self.factory: Any = _factory(settings)
        """gpiozero's pin factory; None without buttons. With `mock`, `factory.pin(17).drive_low()` presses."""
        if self.factory is None:
            return
        try:
            for score in Score:
                self._buttons.append(self._listen(score, settings.pins[score]))
        except Exception as error:  # gpiozero passes on whatever its pin library raises.
            self.close()
            raise HardwareError(
                f"[buttons]: the pins {settings.pins} cannot be used: {_words(error)}; "
                "see that nothing else uses them, or choose other pins (BCM numbers)"
            ) from error

    def _listen(self, score: Score, pin: int) -> Any:
        # What gpiozero.Button is made of. A Button also wakes up ten times a second to see whether it is held.
        from gpiozero import DigitalInputDevice

        button = DigitalInputDevice(pin, pull_up=True, bounce_time=self._bounce or None, pin_factory=self.factory)
        button.when_activated = partial(self._down, score)
        button.when_deactivated = partial(self._up, score)
        return button

    def _down(self, score: Score) -> None:
        now = self._monotonic()
        settled = now - self._changed[score] >= self._bounce
        self._changed[score] = now
        if settled:
            self._press(score)

    def _up(self, score: Score) -> None:
        self._changed[score] = self._monotonic()

    def close(self) -> None:
        """Stop listening and give the pins back. May be called twice."""
        for button in self._buttons:
            button.close()
        self._buttons.clear()
        if self.factory is not None:
            self.factory.close()
            self.factory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _factory(settings: config.Buttons) -> Any:
    """The pin factory that the configuration names, handed to each button: gpiozero itself would try one after another.

    Raises HardwareError.
    """
    match settings.factory:
        case "none":
            return None
        case "mock":
            from gpiozero.pins.mock import MockFactory

            return MockFactory()
        case "lgpio":
            return _lgpio_factory()


def _lgpio_factory() -> Any:
    instead = 'or set factory = "none" under [buttons] for a terminal without buttons'
    try:
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise HardwareError(
            f'[buttons] factory = "lgpio": this Python has no lgpio ({_words(error)}); '
            "install it (up to Python 3.12: pip install lgpio; else Debian's python3-lgpio, in an environment "
            f"made with --system-site-packages), {instead}"
        ) from error
    try:
        return LGPIOFactory()
    except Exception as error:  # lgpio.error, PinUnknownPi, OSError: each says in its own way that there is no GPIO.
        raise HardwareError(
            f'[buttons] factory = "lgpio": the GPIO of this board cannot be opened ({_words(error)}); see that '
            f"/dev/gpiochip0 is there and that this user is in the group gpio, {instead}"
        ) from error


def _words(error: BaseException) -> str:
    return str(error).strip("'\"") or type(error).__name__
