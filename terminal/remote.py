"""What the dashboard has set of this terminal: taken in by the courier, kept in its state folder, read by the kiosk.

The last good message stays, whatever comes after it. Neither process trusts it: both check it by the rules of the file
that it is put together with (`ratings/remote.py`), and the kiosk falls back to that file. Knows no network, no window.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from ratings import remote
from ratings.config import Config, ConfigError
from ratings.legible import printable
from ratings.wire import MOST_BYTES, REFUSAL_LENGTH
from terminal import files, storage

FILE = "config.json"
CATALOGUES = Path(__file__).parent / "kiosk" / "words"
"""What the kiosk says, by language."""

log = logging.getLogger("fjes.courier")


def combine(own: Config, payload: bytes, name: str = "the message") -> Config:
    """The configuration that comes of a terminal's own file and a message. Raises ConfigError, naming what is wrong."""
    config = remote.combine(own, remote.decode(payload, name), name)
    there = sorted(path.stem for path in CATALOGUES.glob("*.po"))
    for language in config.kiosk.languages:
        if language not in there and language not in own.kiosk.languages:
            raise ConfigError(
                f"{name}: [kiosk] languages: this terminal has no catalogue for {language!r}; "
                f"allowed: {', '.join(there)}"
            )
    return config


def read(folder: Path) -> bytes | None:
    """The last good message; None where there is none, or where it cannot be read just now."""
    try:
        with (folder / FILE).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError:
        return None


def keep(folder: Path, payload: bytes) -> None:
    """Put a message in place of the last one. Raises OSError."""
    files.replace(folder / FILE, payload, storage.SHARED)  # The kiosk is another user.


class Received:
    """The courier's end: what is in force, and why the last message is not, for the status."""

    def __init__(self, own: Config) -> None:
        self._own = own
        self._folder = own.terminal.state
        self.config = ""
        """The fingerprint of the message in force; empty where there is none."""
        self.refused = ""
        """Why the last message is not in force; empty where it is."""
        payload = read(self._folder)
        if payload is not None:
            with contextlib.suppress(ConfigError):  # The kiosk says so; the broker has it, and sends it again.
                combine(own, payload)
                self.config = remote.fingerprint(payload)

    def take(self, payload: bytes) -> bool:
        """Take a message in, or refuse it; returns whether the status has something new to tell."""
        if not payload:
            return False  # The broker's own was cleared: that says nothing.
        before = self.config, self.refused
        try:
            combine(self._own, payload)
            if remote.fingerprint(payload) != self.config:
                keep(self._folder, payload)
        except ConfigError as error:
            self._refuse(str(error).removeprefix("the message: "))
        except OSError as error:
            self._refuse(f"cannot be kept in {self._folder}: {error.strerror or error}")
        else:
            self.config, self.refused = remote.fingerprint(payload), ""
        return (self.config, self.refused) != before

    def _refuse(self, why: str) -> None:
        why = printable(why)  # It is made of what came.
        if why[:REFUSAL_LENGTH] != self.refused:
            log.warning("what the dashboard has set is refused, and all stays as it is: %s", why[:1000])
        self.refused = why[:REFUSAL_LENGTH]
