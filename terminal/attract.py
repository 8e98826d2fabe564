"""When the screen goes through the languages by itself: nobody has touched anything for a while. Knows no window.

The rule:

- So many seconds after the last touch, question and captions are shown in each language in turn, `TURN_SECONDS` each,
  the first one first; staff's "you said, we did" is shown with them. Where there is one language nothing moves.
- Only while it asks, nobody has chosen a language, it does not speak, and the screen is bright. When that is so again
  it begins with the first language.
- A touch ends it, wherever it is: a finger put down or lifted, a hardware button. The screen is then as it is for the
  first visitor, and stays so for as long as before: whom it disturbs can stop it (WCAG 2.2.2).
- Faces and buttons stay where they are and do what they always do. The language it shows is nobody's choice.

Nothing here depends on what was touched, and of a touch nothing is kept but how long ago it was.
"""

from __future__ import annotations

from collections.abc import Sequence

TURN_SECONDS = 10.0
"""How long each language is shown: time to read question and captions twice."""


class Attract:
    """The languages' turns. Times are of `Clock.monotonic`; None for `after` is never."""

    def __init__(self, now: float, after: float | None, languages: Sequence[str]) -> None:
        self._after = after
        self._languages = tuple(languages)
        self._touched = now
        self._on = False
        self._allowed = False
        self._turn = 0
        self._next = 0.0

    @property
    def on(self) -> bool:
        """Whether it is going through the languages, be there only one."""
        return self._on

    @property
    def language(self) -> str | None:
        """The language whose turn it is; None while it is off."""
        return self._languages[self._turn] if self._on else None

    def touch(self, now: float) -> None:
        """Somebody is there: it is off, for as long as before."""
        self._touched = now
        self._on = False

    def look(self, now: float, *, allowed: bool) -> None:
        """Time has passed: begin, go on or end, as is due. `allowed` is the second part of the rule."""
        self._allowed = allowed
        if not allowed or self._after is None:
            self._on = False
        elif not self._on and now >= self._touched + self._after:
            self._on = True
            self._turn, self._next = 0, now + TURN_SECONDS
        elif self._on and now >= self._next:
            # From now, not from when it was due: a loop that comes late cuts no turn short.
            self._turn, self._next = (self._turn + 1) % len(self._languages), now + TURN_SECONDS

    def deadline(self) -> float | None:
        """The moment at which `look` will change something, as things are; None while nothing is due."""
        if not self._allowed or self._after is None:
            return None
        if not self._on:
            return self._touched + self._after
        return self._next if len(self._languages) > 1 else None
