"""How the machine is, coarsely: free space, heat and power. Only looks, and only at what the system tells everybody.

Knows no ledger: nothing here moves with a tap. The words that come out are the status's (`ratings/wire.py`).
"""

from __future__ import annotations

import os
from pathlib import Path

from hardware import sensors
from hardware.sensors import Places as Places  # What others ask for here.
from ratings.wire import Condition, Room

PLENTY_BYTES, LITTLE_BYTES = 10**9, 10**8

HOT_DEGREES = 80.0
"""Celsius: from here on a Raspberry Pi slows itself down."""

PLACES = sensors.PLACES


def room(folder: Path, own: Path | None = None) -> Room:
    """Free space where a folder lies, and whether anything can be written there.

    `own` is a folder on the same card in which this process may write: systemd shows it all others as read-only.
    """
    try:
        system = os.statvfs(folder)
    except OSError:
        return Room.GONE
    if _is_locked(own or folder):
        return Room.LOCKED
    free = system.f_bavail * system.f_frsize
    return Room.PLENTY if free >= PLENTY_BYTES else Room.ENOUGH if free >= LITTLE_BYTES else Room.LITTLE


def _is_locked(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def heat(places: Places = PLACES) -> Condition:
    """Whether any part of the machine is too hot, or it slows itself down and not for want of power."""
    hottest, slowed = sensors.temperature(places), sensors.slowed(places)
    if hottest is None and slowed is None:
        return Condition.UNKNOWN
    hot = hottest is not None and hottest >= HOT_DEGREES
    return Condition.TROUBLE if hot or (slowed and not sensors.under_voltage(places)) else Condition.WELL


def power(places: Places = PLACES) -> Condition:
    """Whether the power supply is too weak: a Raspberry Pi's own alarm."""
    weak = sensors.under_voltage(places)
    if weak is None:
        return Condition.UNKNOWN
    return Condition.TROUBLE if weak else Condition.WELL
