"""Which terminals are to be sent their configuration now. Decides; `dashboard/ingest.py` sends. Knows no MQTT.

Of a new connection everybody's is sent: the broker may have forgotten it all. Then whatever changes, and once more what
a terminal does not say that it has: brokers drop messages, and say nothing.
"""

from __future__ import annotations

import time

from sqlalchemy import Engine

from dashboard import exchange, remote
from dashboard.store import reading
from ratings.remote import fingerprint

LOOK_SECONDS = 5.0
"""How often it is looked whether something was set, or a terminal enrolled."""
AT_ONCE = 200
"""So many are sent before others have their turn."""


class Sending:
    """Of one connection to the broker."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._look_at = 0.0
        self._sent: dict[str, bytes] = {}
        self._due: dict[str, bytes] = {}

    def due(self) -> list[tuple[str, bytes]]:
        """Terminals and their messages, to be sent now and retained; empty for who may have none. Raises StoreError."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_SECONDS
            with reading(self._engine) as connection:
                wanted = {each: message for each, message in remote.terminals(connection) if message is not None}
                revoked = exchange.revoked(connection)
            # Sent in the last moment; those of before this connection are clearing's.
            self._due = {each: b"" for each in self._sent if each in revoked}
            self._due |= {each: message for each, message in wanted.items() if self._sent.get(each) != message}
        now = [(each, self._due.pop(each)) for each in list(self._due)[:AT_ONCE]]
        for terminal, message in now:
            if message:
                self._sent[terminal] = message
            else:
                self._sent.pop(terminal, None)
        return now

    def heard(self, terminal: str, config: str) -> None:
        """A terminal says which configuration it has, by its fingerprint."""
        sent = self._sent.get(terminal)
        if sent is not None and config != fingerprint(sent):
            self._due[terminal] = self._sent.pop(terminal)
