"""How the courier stands with broker and dashboard, for the kiosk's staff menu: one word in a file of the state folder.

The courier writes it when it changes and at no other time, so never because of a tap. It holds a lock on the file while
it runs: a word without a lock is from a courier that is no more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from enum import StrEnum
from pathlib import Path

FILE = "connection"
_WIDTH = 16


class Standing(StrEnum):
    """How far the courier has got."""

    STARTING = "starting"
    SILENT = "silent"
    """No broker answers."""
    REFUSED = "refused"
    """The broker does not let this terminal in."""
    BROKER = "broker"
    """The broker does; the dashboard has not answered yet."""
    DASHBOARD = "dashboard"
    """The dashboard answers."""


class Note:
    """The courier's end. A state folder that cannot be written costs the menu a line, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        self._locked = False
        self._told: Standing | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.tell(Standing.STARTING)

    def tell(self, standing: Standing) -> None:
        """Write it where it has changed."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            if not self._locked:
                # A look of the kiosk's may be in the way for a moment: the next change tries again.
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._locked = True
            if standing is not self._told:
                os.pwrite(self._file, standing.value.ljust(_WIDTH).encode("ascii"), 0)
                self._told = standing

    def close(self) -> None:
        """The courier ends."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read(folder: Path) -> Standing | None:
    """The kiosk's end: how the courier stands now; None where none is running."""
    try:
        with (folder / FILE).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Standing(file.read(_WIDTH).decode("ascii", "replace").strip())
    except (OSError, ValueError):
        return None
    return None
