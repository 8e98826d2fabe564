"""Which day it is, where that is known: a machine without a battery clock wakes up in the past."""

from __future__ import annotations

import ctypes
from datetime import UTC, date, datetime

_MOST_ERROR_MICROSECONDS = 16_000_000
"""From here on the kernel takes its clock for not synchronised (`timedatectl` uses the same bound)."""


def utc_date() -> date:
    """Today's date in UTC, as this machine's clock has it."""
    return datetime.now(UTC).date()


def known_today() -> date | None:
    """Today's date in UTC, or None where nothing has set this machine's clock right (adjtimex(2) says so)."""
    try:
        kernel = ctypes.CDLL(None, use_errno=True)
        # struct timex: `modes` 0 only asks; `maxerror` is the fourth field; the rest is room for the kernel.
        answer = (ctypes.c_long * 64)()
        synchronised = kernel.adjtimex(ctypes.byref(answer)) >= 0 and answer[3] < _MOST_ERROR_MICROSECONDS
    except (OSError, AttributeError):
        return None
    return utc_date() if synchronised else None
