"""What the dashboard has set, as the kiosk takes it: from the courier's file, once a minute, without a network.

The file is checked as if nobody had looked at it before. One that is bad changes nothing; at the start the terminal
then goes by its own `fjes.toml`. When a change may be shown is the kiosk's to say. Nothing is logged or written when it
is: that moment may be the end of a visit.
"""

from __future__ import annotations

import logging
import math

from ratings import remote as wire
from ratings.config import Config, ConfigError
from ratings.legible import printable
from terminal import remote
from terminal.asked import Asked
from terminal.kiosk.words import WordsError, words

LOOK_SECONDS = 60.0

log = logging.getLogger("fjes.kiosk")


class Changes:
    """Of one terminal, whose own file is `own`."""

    def __init__(self, own: Config) -> None:
        self.config = own
        """The configuration to go by."""
        self.asked = Asked(own.terminal.store)
        """Which question the month has."""
        self._own = own
        self._folder = own.terminal.state
        self._payload: bytes | None = None
        self._waiting: tuple[Config, bool] | None = None
        self._next = -math.inf
        self._read("the terminal goes by its own file")
        self.take()

    def look(self, now: float) -> Config | None:
        """The configuration that waits to be shown, if any. `now` is of `Clock.monotonic`."""
        if now >= self._next:
            self._next = now + LOOK_SECONDS
            self.asked.save()
            self._read("all stays as it is")
        return self._waiting[0] if self._waiting else None

    def take(self) -> None:
        """What waits is shown now."""
        if self._waiting is not None:
            (self.config, self.asked.remote), self._waiting = self._waiting, None

    def put_off(self, now: float) -> None:
        """What waits cannot be shown just now: not before the next look."""
        self._payload, self._waiting, self._next = None, None, now + LOOK_SECONDS

    def deadline(self) -> float:
        """The moment (of `Clock.monotonic`) of the next look."""
        return self._next

    def _read(self, otherwise: str) -> None:
        payload = remote.read(self._folder)
        if payload is None or payload == self._payload:
            return
        self._payload = payload
        try:
            config = remote.combine(self._own, payload, f"{self._folder / remote.FILE}")
            for language in config.kiosk.languages:
                words(language)
            self._waiting = config, wire.decode(payload).questions is not None
        except (ConfigError, WordsError) as error:
            log.warning("what the dashboard has set cannot be used, so %s: %s", otherwise, printable(str(error))[:1000])
