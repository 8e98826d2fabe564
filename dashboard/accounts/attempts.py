"""How often somebody may try to sign in, and fail. In memory only: after a restart all begin anew.

Against one name from one address few times; a name from anywhere, and an address with any name, more often, so that
nobody can lock somebody else out by guessing badly, nor try one password on everybody.
"""

from __future__ import annotations

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

HERE, ADDRESS, NAME = parse("5/5 minutes"), parse("40/5 minutes"), parse("100/hour")
GONE = parse("200/5 minutes")
"""So often somebody may be sent to the provider from one address: each leaves a row for ten minutes."""


class Attempts:
    """Of one server."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def may_try(self, name: str, address: str) -> bool:
        """Whether there may be another try now."""
        return all(self._limiter.test(limit, *key) for limit, key in self._all(name, address))

    def failed(self, name: str, address: str) -> None:
        """One more that failed."""
        for limit, key in self._all(name, address):
            self._limiter.hit(limit, *key)

    def may_go(self, address: str) -> bool:
        """Whether somebody may be sent to the provider once more; counts it."""
        return self._limiter.hit(GONE, "gone", address)

    def _all(self, name: str, address: str) -> tuple[tuple[RateLimitItem, tuple[str, ...]], ...]:
        name = " ".join(name.split()).casefold()[:200]
        return (HERE, ("here", name, address)), (ADDRESS, ("address", address)), (NAME, ("name", name))
