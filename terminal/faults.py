"""What goes wrong at the faces and buttons: kept in memory, and told with the day's release, never when it happens.

Else whoever records the traffic would see when somebody stood there. Knows no ledger, no window and no pins.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ratings.wire import Condition

POUNDING, BUTTONS = "pounding", "buttons"


class Faults:
    """Of one kiosk, since the last release of a day."""

    def __init__(self) -> None:
        self.pounded = False
        """Whether ratings were set aside as pounding."""
        self.stuck: Callable[[], bool] | None = None
        """Tells whether a hardware button is stuck; None without buttons."""

    def of_the_day(self, today: date) -> dict[str, str]:
        """What is told with the release of a new day: the last day that followed pounding, and how the buttons are."""
        told = {}
        if self.pounded:
            told[POUNDING] = today.isoformat()
        if self.stuck is not None:
            told[BUTTONS] = Condition.TROUBLE if self.stuck() else Condition.WELL
        return told

    def were_told(self) -> None:
        """The release is on the disk: a new day begins."""
        self.pounded = False
