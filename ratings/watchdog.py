"""Telling systemd that a loop turns: the few lines of its notification protocol (sd_notify(3)) that Fjes needs.

Whoever owns a loop calls `turned` in each round, and nowhere else: a loop that is stuck then says nothing, and after
the unit's `WatchdogSec` systemd ends the process and starts it again. What is sent is the same in every round, at most
a few times a minute, and nothing in it moves with a tap. Knows no loop. Without systemd it does nothing.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

ROUNDS = 4
"""So many times within `WatchdogSec` it is told at most: one that is late or lost does no harm."""


def nothing() -> None:
    """For loops that nobody watches."""


class Watchdog:
    """Who is to be told, and how often. From one thread at a time.

    `address` is the socket as `$NOTIFY_SOCKET` has it (`@` begins an abstract one), `seconds` the unit's `WatchdogSec`
    (None: there is none, and only the start is told).
    """

    def __init__(
        self, address: str | None, seconds: float | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._rest = seconds / ROUNDS if seconds else None
        self._monotonic = monotonic
        self._next: float | None = None

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Watchdog:
        """As systemd has told this process by its environment."""
        address = variables.get("NOTIFY_SOCKET") or None
        # Meant for another process: one that started this one.
        meant = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = variables.get("WATCHDOG_USEC", "")
        seconds = int(microseconds) / 1_000_000 if meant and microseconds.isdecimal() else 0
        return cls(address, seconds or None)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody is to be told."""
        return self._address is not None

    @property
    def rest(self) -> float | None:
        """Seconds after which it is to be told again; None where nobody is to be told."""
        return self._rest if self._address else None

    def turned(self) -> None:
        """The loop came round once more. The first time this also says that the process has started."""
        if self._address is None:
            return
        now = self._monotonic()
        if self._next is None:
            self._send(b"READY=1\nWATCHDOG=1" if self._rest else b"READY=1")
        elif self._rest is None or now < self._next:
            return
        else:
            self._send(b"WATCHDOG=1")
        self._next = now + (self._rest or 0)

    def _send(self, message: bytes) -> None:
        assert self._address is not None
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as to:
                to.sendto(message, self._address)
        except OSError:
            # Nobody there, or a full queue: the next round tells again, and a rating must not fail for this.
            return
