"""When the screen is dimmed or dark, and which touch only wakes it. Knows no window, no faces and no backlight.

The rule:

- Dimmed: so many seconds after the last touch, where that is configured. Dark: outside the opening hours, where that is
  configured, as long after the last touch as a language is remembered. When the hours begin the screen is lit.
- A touch is a finger put down, or a hardware button pressed. **The touch that wakes a dimmed or dark screen only wakes
  it**: it presses no face and no language, wherever it is lifted. Nor does any other touch that begins within
  `WAKING_SECONDS` of it: the rest of a hand that reached for the screen, a button that bounces, two buttons at once.
- A finger that was put down before the screen was dimmed, and lies there still, counts for nothing either, whether the
  screen was woken by a button in the meantime or not; it wakes nothing when it moves or is lifted.
- What counts is whether the screen *is* dimmed, not whether it is time for that: a touch that comes before the light
  went down is a touch on a bright screen. Where there is no light to set, no touch is ever lost to waking.

Nothing here depends on which face is under the finger, and of a touch nothing is kept but how long ago it was.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.screen import Light

WAKING_SECONDS = 0.5
"""How long after a touch that wakes others do nothing: shorter than anybody takes to look at the screen and decide."""

SetLight = Callable[[Light], bool]
"""Lights the screen; returns whether it is so now. A screen that is not yet lit still takes no ratings."""


class Rest:
    """The screen's light. Times are of `Clock.monotonic`; None for `dim_after` or `dark_after` is never."""

    def __init__(self, set_light: SetLight, now: float, dim_after: float | None, dark_after: float | None) -> None:
        self._set_light = set_light
        self._dim_after = dim_after
        self._dark_after = dark_after
        self._light = Light.BRIGHT
        self._touched = now
        self._woken: float | None = None
        self._was_closed = False

    @property
    def light(self) -> Light:
        """How the screen is lit."""
        return self._light

    def look(self, now: float, *, closed: bool) -> bool:
        """Time has passed: light the screen as is due. Returns whether the light went down now."""
        if self._was_closed and not closed:
            self._touched = now
        self._was_closed = closed
        light = self._due(now - self._touched, closed)
        if light is self._light or not self._set_light(light):
            return False
        self._light = light
        return light is not Light.BRIGHT

    def touch(self, now: float) -> bool:
        """A finger was put down, or a button pressed. Returns whether it may count; otherwise it only wakes."""
        self._touched = now
        if self._light is not Light.BRIGHT:
            self._woken = now
            if self._set_light(Light.BRIGHT):
                self._light = Light.BRIGHT
            return False
        return self._woken is None or now - self._woken >= WAKING_SECONDS

    def deadline(self, *, closed: bool) -> float | None:
        """The moment at which `look` will light the screen otherwise, if nobody touches it; None while none will come.

        One that has gone by is that of a screen whose light could not be set.
        """
        if self._light is Light.OFF:
            return None
        dark_after = self._dark_after if closed else None
        dim_after = self._dim_after if self._light is Light.BRIGHT else None
        return min((self._touched + after for after in (dark_after, dim_after) if after is not None), default=None)

    def _due(self, quiet: float, closed: bool) -> Light:
        if closed and self._dark_after is not None and quiet >= self._dark_after:
            return Light.OFF
        if self._dim_after is not None and quiet >= self._dim_after:
            return Light.DIM
        return Light.BRIGHT
