"""A board whose clock, starts and hours of power the test decides: real rules on files of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from terminal.trust import Places, Trust

WRONG = datetime.fromisoformat("1970-01-01T00:00:30+00:00")


class Board:
    """`now` is the true time; what the board's clock says is `clock`, right once `network` has come.

    Times are aware datetimes; `after` lets hours pass, with the power on.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.places = Places(folder / "synchronized", folder / "rtc", folder / "device-tree", folder / "boot_id")
        self.places.board.mkdir(exist_ok=True)
        self.now = now.astimezone(UTC)  # Where an hour is an hour.
        self._starts = 0
        self.start()

    def start(self, off_hours: float = 0.0) -> Trust:
        """The power comes (again): the clock is in 1970, and nobody has told it better."""
        self.now += timedelta(hours=off_hours)
        self._starts += 1
        self.places.boot.write_text(f"start-{self._starts}\n")
        self.places.synchronised.unlink(missing_ok=True)
        self._started, self._ahead = self.now, WRONG - self.now
        self.trust = Trust("checked", self.places, lambda: False, self.uptime)
        return self.trust

    def uptime(self) -> float:
        """Seconds of power since the last start."""
        return (self.now - self._started).total_seconds() + 20

    def clock(self) -> datetime:
        """What the system clock says."""
        return self.now + self._ahead

    def after(self, hours: float) -> datetime:
        """Let hours pass; returns what the clock says then."""
        self.now += timedelta(hours=hours)
        return self.clock()

    def network(self) -> datetime:
        """The network sets the clock; returns what it says then."""
        self.places.synchronised.touch()
        return self.set(self.now)

    def set(self, moment: datetime) -> datetime:
        """Somebody sets the clock, rightly or not."""
        self._ahead = moment - self.now
        return self.clock()

    def restart_kiosk(self) -> Trust:
        """A new process on the same start of the machine, which knows only what the files say."""
        self.trust = Trust("checked", self.places, lambda: False, self.uptime)
        return self.trust
