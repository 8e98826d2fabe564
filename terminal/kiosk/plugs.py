"""What can be unplugged and comes back where the kiosk has the screen to itself (KMSDRM): touch panels and screens.

Input devices are watched only for *when* to look: what is read from them is thrown away unread, and SDL, which has a
reading of its own of every device, says what was touched. Knows no window, no Kivy.
"""

from __future__ import annotations

import os
import select
from collections.abc import Collection
from pathlib import Path

INPUTS = Path("/dev/input")
CONNECTORS = Path("/sys/class/drm")

_MUCH = 65536
"""Bytes: more than the kernel keeps for anybody of one device's events."""


class Inputs:
    """The devices of a folder, watched by `poll`. One that is unplugged is let go, one that comes is found by `look`.

    A device that this user may not read wakes nobody: SDL cannot read it either.
    """

    def __init__(self, folder: Path, poll: select.poll) -> None:
        self._folder, self._poll = folder, poll
        self._opened: dict[str, int] = {}
        self.look()

    def look(self) -> None:
        """Watch the devices that are there now."""
        try:
            found = {name for name in os.listdir(self._folder) if name.startswith("event")}
        except FileNotFoundError:
            # The kernel makes the folder with the first device.
            found = set()
        for name in self._opened.keys() - found:
            self._let_go(name)
        for name in found - self._opened.keys():
            try:
                device = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                # Gone again, or not yet this user's: udev gives it to the group in a moment.
                continue
            self._opened[name] = device
            self._poll.register(device, select.POLLIN)

    def drain(self, ready: Collection[int]) -> bool:
        """Empty those of the file descriptors that are devices; returns whether there was one."""
        drained = [name for name, device in self._opened.items() if device in ready]
        for name in drained:
            try:
                gone = not os.read(self._opened[name], _MUCH)
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                self._let_go(name)
        return bool(drained)

    def close(self) -> None:
        """Let go of every device."""
        for name in list(self._opened):
            self._let_go(name)

    def _let_go(self, name: str) -> None:
        device = self._opened.pop(name)
        self._poll.unregister(device)
        os.close(device)


class Connectors:
    """The graphics cards' sockets, by what the kernel says in each connector's `status`.

    SDL sets a screen's mode when the window is opened, and never again: a screen that was unplugged stays dark when it
    comes back (SDL 2.30, `SDL_kmsdrmvideo.c`, has no word of hotplug). So whoever owns the window is to open it anew.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connected = self._look()
        self._lost = False

    def came_back(self) -> bool:
        """Whether a screen was plugged in after one had been unplugged: the same one, or at another socket."""
        connected = self._look()
        self._lost = self._lost or not connected >= self._connected
        came = self._lost and not connected <= self._connected
        self._connected = connected
        return came

    def _look(self) -> set[Path]:
        found = set()
        for status in self._folder.glob("card*-*/status"):
            try:
                if status.read_text("ascii").strip() == "connected":
                    found.add(status)
            except OSError:
                # A card that is itself unplugged.
                continue
        return found
