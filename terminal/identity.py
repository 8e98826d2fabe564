"""Which board and card this is, and whose name it has, so that a store that was moved or copied notices. Only reads.

What cannot be read is unknown, and proves nothing. In the store each is kept as a salted hash: `terminal/epochs.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """What the maker wrote into board and card, and the terminal's id in its file; None where it cannot be read."""

    board: str | None = None
    card: str | None = None
    terminal: str | None = None


UNKNOWN = Identity()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the machine tells of itself."""

    boards: tuple[Path, ...] = (
        Path("/proc/device-tree/serial-number"),
        Path("/sys/class/dmi/id/product_uuid"),  # Of a PC; only root may read it on most.
    )
    devices: Path = Path("/sys/dev/block")
    systems: Path = Path("/dev/disk/by-uuid")


PLACES = Places()


def read(store: Path, places: Places = PLACES, *, terminal: str | None = None) -> Identity:
    """The identity of this machine, and of the card that holds the folder `store` (or will hold it)."""
    boards = (_text(place) for place in places.boards)
    return Identity(next((each for each in boards if each is not None), None), _card(store, places), terminal)


def digest(value: str, salt: str) -> str:
    """A salted hash of one identity, for the store: who finds the card learns no serial number of the board."""
    return blake2b(value.encode(), key=salt.encode()[:64], digest_size=16).hexdigest()


def _card(store: Path, places: Places) -> str | None:
    """What its maker gave the card or disk, else the file system's own identity (a copy of it has the same)."""
    while not store.exists() and store != store.parent:
        store = store.parent
    try:
        number = store.stat().st_dev
        device = (places.devices / f"{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return None  # Memory, a network, or a container's layers: there is no device to ask.
    # A partition's folder lies in its disk's.
    for disk in (device, device.parent):
        for name in ("device/cid", "device/serial", "device/wwid", "serial"):
            if (found := _text(disk / name)) is not None:
                return found
    return _file_system(device.name, places.systems)


def _file_system(name: str, systems: Path) -> str | None:
    try:
        return next((link.name for link in sorted(systems.iterdir()) if link.resolve().name == name), None)
    except OSError:
        return None


def _text(place: Path) -> str | None:
    """The first line of a file; None where there is none, or it says nothing (makers write zeros)."""
    try:
        text = place.read_bytes().decode("ascii", "replace").strip(" \t\r\n\0")
    except OSError:
        return None
    return text if text.strip("0-") else None
