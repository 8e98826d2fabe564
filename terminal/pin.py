"""The PIN of the staff menu: its hash, and how often it may be tried. Knows no window and keeps no PIN.

What a PIN protects is a menu that shows no rating. Six digits stand up to fingers, not to someone who holds the card:
who can read its hash can try all of them in a few days.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import itertools
import os
from collections.abc import Callable
from pathlib import Path

from terminal.clock import Clock

LEAST_DIGITS, MOST_DIGITS = 6, 12

# OWASP, Password Storage Cheat Sheet, scrypt: the setting for 16 MiB, which a small board has to spare.
COST, BLOCK, PARALLEL = 2**14, 8, 5
_SALT_BYTES, _HASH_BYTES = 16, 32

FREE_TRIES = 3
FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
"""Seconds."""

TRIES_FILE = "pin.tries"


class PinError(ValueError):
    """A PIN or a hash that cannot be used; the text says why, and never the PIN."""


def hashed(pin: str, *, cost: int = COST, parallel: int = PARALLEL) -> str:
    """What goes into the configuration for a PIN: `scrypt$n$r$p$salt$hash`, salt and hash in base64 without its `=`."""
    salt = os.urandom(_SALT_BYTES)
    key = _derive(pin, salt, cost, BLOCK, parallel)
    return "$".join(("scrypt", str(cost), str(BLOCK), str(parallel), _base64(salt), _base64(key)))


def matches(pin: str, stored: str) -> bool:
    """Whether a PIN is the one that was hashed. Takes some tenths of a second. Raises PinError where it is no hash."""
    try:
        kind, cost, block, parallel, salt, key = stored.split("$")
        if kind != "scrypt":
            raise ValueError
        derived = _derive(pin, _bytes(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(derived, _bytes(key))
    except (ValueError, binascii.Error, OverflowError, MemoryError):
        raise PinError("[staff] pin: not a hash that `fjes terminal pin` printed; run it again") from None


def problem(pin: str) -> str | None:
    """Why a PIN should not be taken; None where it may."""
    if not (pin.isascii() and pin.isdigit()):
        return "a PIN has digits only"
    if not LEAST_DIGITS <= len(pin) <= MOST_DIGITS:
        return f"a PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits"
    if any(pin == (pin[:length] * len(pin))[: len(pin)] for length in (1, 2, 3)):
        return "too easy to guess: it repeats itself"
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    if steps in ({1}, {9}):
        return "too easy to guess: it counts up or down"
    if pin in ("112233", "123321", "147258", "147852", "159753", "159357", "258369", "147896", "789456", "456789"):
        return "too easy to guess: it is among the first that people try"
    return None


class Attempts:
    """When a PIN may be tried: after `FREE_TRIES` wrong ones in a row only after a wait, doubled with each more.

    A try counts as wrong from its beginning until `right` is called, so that a power cut in between is no way round.
    `wrong` is how many there were before the start: then the wait begins anew. `remember` is told each new number.
    """

    def __init__(self, clock: Clock, wrong: int = 0, remember: Callable[[int], None] = lambda _: None) -> None:
        self._clock = clock
        self._remember = remember
        self._wrong = wrong
        self._free_at = clock.monotonic() + wait_after(wrong)

    @property
    def free_at(self) -> float:
        """The moment (of `Clock.monotonic`) from which on a PIN may be tried."""
        return self._free_at

    @property
    def locked(self) -> bool:
        """Whether it is too early for a try."""
        return self._clock.monotonic() < self._free_at

    def begin(self) -> bool:
        """A PIN is about to be tried; returns whether it may be."""
        if self.locked:
            return False
        self._wrong += 1
        self._free_at = self._clock.monotonic() + wait_after(self._wrong)
        self._remember(self._wrong)
        return True

    def right(self) -> None:
        """The PIN was right: nothing is held against anybody any more."""
        self._wrong, self._free_at = 0, self._clock.monotonic()
        self._remember(0)


def wait_after(wrong: int) -> float:
    """Seconds to wait after so many wrong tries in a row."""
    if wrong < FREE_TRIES:
        return 0.0
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(wrong - FREE_TRIES, 20))


class Tries:
    """The number of wrong tries on the card, in the store's folder: a number, no time, gone when the PIN was right.

    A card that cannot be written must not keep staff from the menu that says so: then memory does, until power goes.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / TRIES_FILE

    def read(self) -> int:
        """How many there were. What cannot be understood counts as enough for a wait."""
        try:
            return max(0, int(self._path.read_bytes()[:8]))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError):
            return FREE_TRIES

    def write(self, wrong: int) -> None:
        """Put a number there, down to the disk."""
        with contextlib.suppress(OSError):
            if not wrong:
                self._path.unlink(missing_ok=True)
                return
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(descriptor, b"%8d" % wrong, 0)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _derive(pin: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    memory = 128 * block * (cost + parallel + 2)
    return hashlib.scrypt(pin.encode("utf-8"), salt=salt, n=cost, r=block, p=parallel, maxmem=memory, dklen=_HASH_BYTES)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
