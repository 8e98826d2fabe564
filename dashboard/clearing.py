"""What is retained at the broker and must not stay: what revoked terminals have left, and batches that nobody retains.

Decides which topics are to be emptied; `dashboard/ingest.py` does it. Knows no MQTT.
"""

from __future__ import annotations

import time
from typing import Literal

from sqlalchemy import Engine

from dashboard import exchange
from dashboard.store import reading
from ratings import wire

LOOK_SECONDS = 5.0
"""How often it is looked whether a terminal was revoked."""

Kind = Literal["tables", "status", "ack", "config"]
_KINDS: tuple[Kind, ...] = ("tables", "status", "ack", "config")


class Clearing:
    """Of one connection to the broker."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._done: set[str] = set()
        self._look_at = 0.0
        self._emptied: set[str] = set()

    def due(self) -> list[str]:
        """The topics to be emptied now: of terminals that were revoked since the last look. Raises StoreError."""
        if time.monotonic() < self._look_at:
            return []
        self._look_at = time.monotonic() + LOOK_SECONDS
        with reading(self._engine) as connection:
            revoked = exchange.revoked(connection)
        new, self._done = revoked - self._done, revoked
        return [self.emptied(wire.topic(terminal, kind)) for terminal in sorted(new) for kind in _KINDS]

    def emptied(self, topic: str) -> str:
        """The topic, which is emptied now: what comes back on it empty is our own."""
        self._emptied.add(topic)
        return topic

    def is_own(self, topic: str, payload: bytes | bytearray) -> bool:
        """Whether this is what we have emptied the topic with."""
        return not payload and topic in self._emptied
