"""Which machine this is: its board, its memory, and the key by which SSH knows it, made when it is first needed.

A card that wakes up in another board makes a new one: two machines must not pass for one. (The machine's id follows
from the board: the image's initrd sees to it.)
"""

from __future__ import annotations

import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from fjes.provision.card import Disk
from fjes.provision.kept import FOLDER, OWN
from terminal import identity

LEAST_FOR_BOTH = 700 * 1024 * 1024
"""Bytes that Linux has left on a board that is sold with 1 GB; one with 512 MB has at most as much."""
HOST_KEY = "ssh_host_ed25519_key"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the machine tells of itself."""

    model: Path = Path("/proc/device-tree/model")
    memory: Path = Path("/proc/meminfo")
    network: Path = Path("/sys/class/net")
    identity: identity.Places = field(default_factory=identity.Places)


PLACES = Places()


@dataclass(frozen=True, slots=True)
class Own:
    """`moved`: this card was in another board before. `kept`: what is made now will be there at the next start."""

    moved: bool = False
    kept: bool = True


def model(places: Places) -> str:
    """What its maker calls the board."""
    try:
        text = places.model.read_bytes().decode("utf-8", "replace").strip(" \n\0")
    except OSError:
        return "not a single-board computer, as far as can be told"
    return "".join(each for each in text if each.isprintable())[:100]


def memory(places: Places) -> int | None:
    """Bytes of memory that Linux has; None where it does not say."""
    try:
        for line in places.memory.read_text("ascii", "replace").splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def cards(places: Places) -> list[tuple[str, str]]:
    """Name and hardware address of each network card, Wi-Fi among them."""
    found = []
    try:
        for each in sorted(places.network.iterdir()):
            if (each / "device").exists():
                found.append((each.name, (each / "address").read_text("ascii", "replace").strip()))
    except OSError:
        pass
    return found


def settle(data: Path, places: Places, disk: Disk, *, changed: bool) -> Own:
    """Whether the card has come to another board: then the key by which SSH knows it is to be made anew.

    That it has is told until the file is `changed`.
    """
    folder = data / FOLDER
    board = identity.read(data, places.identity).board
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        moved, told = _moves(folder, board, disk, changed=changed)
        if moved:
            for name in (HOST_KEY, f"{HOST_KEY}.pub"):
                (folder / name).unlink(missing_ok=True)
    except OSError:
        return Own(kept=False)
    return Own(told)


def host_key(data: Path, name: str) -> bool:
    """Make the key by which SSH knows this machine, unless it is there. Returns whether it is there."""
    path = data / FOLDER / HOST_KEY
    if path.exists() and path.stat().st_size and path.with_suffix(".pub").exists():
        return True
    try:
        new = path.with_name("new_host_key")
        for each in (new, new.with_suffix(".pub")):
            each.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(new)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - no word of it is a shell's
        os.replace(new.with_suffix(".pub"), path.with_suffix(".pub"))
        with new.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(new, path)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _moves(folder: Path, board: str | None, disk: Disk, *, changed: bool) -> tuple[bool, bool]:
    """Whether this is the first start in another board, and whether it is still to be told."""
    path = folder / "board"
    try:
        salt, known, *more = path.read_text("ascii").split()
    except (OSError, ValueError):
        salt, known, more = "", "", []
    if board is None or (salt and identity.digest(board, salt) == known):
        if more and changed:
            disk.replace(path, f"{salt} {known}\n".encode(), OWN)
        return False, bool(more) and not changed
    fresh = secrets.token_hex(16)
    moved = bool(salt)
    disk.replace(path, f"{fresh} {identity.digest(board, fresh)}{' moved' if moved else ''}\n".encode(), OWN)
    return moved, moved
