"""Is the system clock known to be right? A Raspberry Pi without a battery clock wakes up in the past.

Reads what the kernel and systemd say, and where they say it can be given. Knows no ledger and no network: it is handed
the last day that was known, and judges. Rules and their reasons: `docs/decisions/0007-which-day-it-is.md`.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Literal

from ratings.wire import ClockState

EARLIEST = date(2025, 1, 1)
"""No moment before this is right: no terminal ran then. A battery clock that lost its power says 1970 or 2000."""

LEAP = timedelta(days=400)
"""How far past the last known day a clock is believed that no network has set: a winter in a cupboard, and more."""
LONG_LEAP = timedelta(days=7300)
"""How far one is that a network has set, and any clock where no day is known yet. Beyond it, no clock is."""

AGREEMENT_SECONDS = 120.0
"""How far the system clock may be from the battery clock that is said to have set it."""

_TIME_ERROR = 5


class Source(IntEnum):
    """What says that the clock is right; a better one is higher."""

    NOBODY = 0
    UNSEEN = 1
    """Nothing on this machine could say anything: a container, which has its host's clock."""
    HARDWARE = 2
    NETWORK = 3


_STATES = {
    Source.NOBODY: ClockState.WRONG,
    Source.UNSEEN: ClockState.SYSTEM,
    Source.HARDWARE: ClockState.BATTERY,
    Source.NETWORK: ClockState.NETWORK,
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the machine tells of its clock."""

    synchronised: Path = Path("/run/systemd/timesync/synchronized")
    """Made by systemd-timesyncd when it has set the clock for the first time since the machine started."""
    hardware: Path = Path("/sys/class/rtc")
    board: Path = Path("/proc/device-tree")
    """There on single-board computers, which may have no battery clock; a PC's is always there."""
    boot: Path = Path("/proc/sys/kernel/random/boot_id")


PLACES = Places()


def kernel_says_so() -> bool:
    """Whether the kernel holds its clock for synchronised, by whatever program."""
    # adjtimex(2): asked with no modes set, it changes nothing; TIME_ERROR is "not synchronised" (STA_UNSYNC).
    buffer = ctypes.create_string_buffer(512)
    try:
        return ctypes.CDLL(None).adjtimex(buffer) not in (-1, _TIME_ERROR)
    except (OSError, AttributeError):
        return False


def is_synchronised(marker: Path = PLACES.synchronised, kernel: Callable[[], bool] = kernel_says_so) -> bool:
    """Whether a network has set the clock since the machine started: systemd-timesyncd, or so the kernel says."""
    return marker.exists() or kernel()


def uptime() -> float:
    """Seconds since the machine started, those that it slept through included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Trust:
    """Judges the clock of one machine. What was right once stays right until the machine is started again.

    `setting` is `[terminal] clock`: with `system` every moment is right.
    """

    setting: Literal["checked", "system"] = "checked"
    places: Places = PLACES
    kernel: Callable[[], bool] = kernel_says_so
    uptime: Callable[[], float] = uptime
    _source: Source = field(default=Source.NOBODY, init=False)

    def boot(self) -> str:
        """What this start of the machine is called; another start has another name."""
        try:
            return self.places.boot.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def is_right(self, moment: datetime, known: date | None) -> bool:
        """Whether `moment`, the system clock's, may be taken for the time.

        `known` is the last day that was; None where there was none.
        """
        if self.setting == "system":
            return True
        source = self.source(moment)
        day = moment.astimezone(UTC).date()
        if source is Source.NOBODY or day < EARLIEST:
            return False
        if known is None:
            return day - EARLIEST <= LONG_LEAP
        return day - known <= (LONG_LEAP if source is Source.NETWORK else LEAP)

    def state(self, moment: datetime, known: date | None) -> ClockState:
        """The same for the status, with what says so."""
        if not self.is_right(moment, known):
            return ClockState.WRONG
        if self.setting == "system":
            return ClockState.SYSTEM
        return _STATES[self.source(moment)]

    def source(self, moment: datetime) -> Source:
        """The best that has vouched for the clock since this was made."""
        if self._source is not Source.NETWORK:
            self._source = max(self._source, self._look(moment))
        return self._source

    def _look(self, moment: datetime) -> Source:
        if is_synchronised(self.places.synchronised, self.kernel):
            return Source.NETWORK
        clocks = sorted(self.places.hardware.glob("rtc*")) if self.places.hardware.is_dir() else []
        if any(_agrees(clock, moment) for clock in clocks):
            return Source.HARDWARE
        if not clocks and not self.places.board.is_dir() and moment.astimezone(UTC).date() >= EARLIEST:
            return Source.UNSEEN
        return Source.NOBODY


def _agrees(clock: Path, moment: datetime) -> bool:
    """Whether a battery clock can be read (one that lost its power refuses, or says 1970), and says the same."""
    try:
        told = datetime.fromtimestamp(int((clock / "since_epoch").read_text("ascii")), UTC)
    except (OSError, ValueError, OverflowError):
        return False
    return told.date() >= EARLIEST and abs((moment - told).total_seconds()) <= AGREEMENT_SECONDS
