"""What goes wrong at the faces and buttons: kept in memory, and told with the day's release, never when it happens.

Else whoever records the traffic would see when somebody stood there. What nobody does who stands there (a chip that is
not there) is told when the kiosk finds it. Knows no ledger, no window and no pins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from ratings.wire import Condition

POUNDING, BUTTONS = "pounding", "buttons"


class Faults:
    """Of one kiosk, since the last release of a day."""

    def __init__(self) -> None:
        self.pounded = False
        """Whether ratings were set aside as pounding."""
        self.stuck: Callable[[], bool] | None = None
        """Tells whether a hardware button is stuck, or was; None without buttons."""
        self.forget_stuck: Callable[[], None] = lambda: None
        """Called when that has been told."""
        self.buttons_missing = False
        """Whether buttons are configured that cannot be used."""

    def of_the_day(self, today: date) -> dict[str, str]:
        """What is told with the release of a new day: the last day that followed pounding, and how the buttons are."""
        told = {}
        if self.pounded:
            told[POUNDING] = today.isoformat()
        if self.buttons_missing:
            told[BUTTONS] = Condition.MISSING
        elif self.stuck is not None:
            told[BUTTONS] = Condition.TROUBLE if self.stuck() else Condition.WELL
        return told

    def of_the_machine(self, told: Mapping[str, str]) -> dict[str, str]:
        """What no visitor has a part in, and is told with any release: `told` is what was said before."""
        if self.buttons_missing:
            return {BUTTONS: Condition.MISSING}
        if told.get(BUTTONS) == Condition.MISSING:
            return {BUTTONS: Condition.UNKNOWN if self.stuck is None else Condition.WELL}
        return {}

    def were_told(self) -> None:
        """The release is on the disk: a new day begins."""
        self.pounded = False
        self.forget_stuck()
