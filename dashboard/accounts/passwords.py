"""Passwords: hashed with Argon2, and made where somebody else hands them over."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 12, 200
"""Characters. Length is what counts: nobody has to use a digit or a sign."""
DIFFERENT = 5
"""So many different characters at least."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another."""

_hasher = PasswordHasher()
# Each takes 64 MB for a moment: not several at once on a small machine.
_one_at_a_time = threading.Lock()
_nobodys = ""


def hashed(password: str) -> str:
    """As it is stored."""
    with _one_at_a_time:
        return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether it is the one that was hashed. Takes as long where nothing is stored, so that names cannot be tried."""
    global _nobodys
    if stored is None:
        _nobodys = _nobodys or hashed(secrets.token_hex())
    with _one_at_a_time:
        try:
            return _hasher.verify(stored or _nobodys, password[:MOST]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def is_long_enough(password: str) -> bool:
    """Whether it may be used."""
    return LEAST <= len(password) <= MOST and len(set(password)) >= DIFFERENT


def made() -> str:
    """One to hand over, used once: four groups of four characters, about 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
