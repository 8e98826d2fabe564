"""What the courier says of its terminal, in the status: coarse health, of which nothing moves with a tap.

Reads `released.db`, what the courier knows, and what the machine tells. What the kiosk alone knows (that something was
placed by assumption, that it looked) comes to it with the day's release, never when it happens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import structs

from ratings.config import Config
from ratings.wire import Condition, Status
from terminal import machine
from terminal.delivery import Delivery
from terminal.faults import BUTTONS, POUNDING
from terminal.outbox import Outbox
from terminal.remote import Received
from terminal.storage import StoreError
from terminal.trust import Trust


def _now() -> datetime:
    return datetime.now(UTC)


class Reporter:
    """Makes the statuses of one courier. `now` is the system clock, `trust` judges it."""

    def __init__(
        self,
        config: Config,
        outbox: Outbox,
        delivery: Delivery,
        trust: Trust | None = None,
        now: Callable[[], datetime] = _now,
        places: machine.Places = machine.PLACES,
        received: Received | None = None,
    ) -> None:
        self._store, self._state = config.terminal.store, config.terminal.state
        self._outbox = outbox
        self._delivery = delivery
        self._trust = trust or Trust(config.terminal.clock)
        self._now = now
        self._places = places
        self._received = received or Received(config)
        self._last: Status | None = None

    @property
    def waiting(self) -> bool:
        """Whether the last status told of tables that wait."""
        return self._last is not None and bool(self._last.pending)

    def status(self, state: str = "online", *, retired: bool = False) -> Status:
        """The status now. Raises StoreError where the outbox could not be read yet, not even once."""
        moment = self._now()
        try:
            self._last = self._of_the_store(moment)
        except StoreError:
            if self._last is None:
                raise
            # The rest is told all the same: this is what IT has to know.
            self._last = structs.replace(self._last, store=Condition.TROUBLE)
        return structs.replace(
            self._last,
            state="offline" if state == "offline" else "online",
            retired=retired,
            hour=f"{moment.astimezone(UTC):%Y-%m-%dT%H}",
            room=machine.room(self._store, self._state),
            heat=machine.heat(self._places),
            power=machine.power(self._places),
            config=self._received.config,
            config_refused=self._received.refused,
        )

    def _of_the_store(self, moment: datetime) -> Status:
        day, assumed, faults = self._outbox.looked(), self._outbox.assumed(), self._outbox.faults()
        return structs.replace(
            self._delivery.status(),
            day=day.isoformat() if day else "",
            pending=self._delivery.pending(),
            assumed=assumed[-1][1] if assumed else "",
            pounding=faults.get(POUNDING, ""),
            buttons=faults.get(BUTTONS, Condition.UNKNOWN),
            clock=self._trust.state(moment, day),
            store=Condition.WELL,
        )
