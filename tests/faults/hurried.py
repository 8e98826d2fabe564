"""The courier's and the ingest's commands as they are, with their patience shortened: `python -m tests.faults.hurried`.

Takes the words of `fjes`. A courier waits up to minutes before it tries again, so that a hundred thousand of them do
not come at once: a fault harness has one, and no minutes. Nothing else is changed.
"""

from __future__ import annotations

from typing import Any

import dashboard.ingest
import terminal.courier
from fjes.cli import main
from ratings.patience import Patience

FASTER = 20


class Hurried(Patience):
    """Waits as long as it would, divided."""

    def __init__(self, first: float, longest: float, *more: Any) -> None:
        super().__init__(first / FASTER, longest / FASTER / 10, *more)


class Courier(terminal.courier.Courier):
    """A courier that looks at the outbox every other moment, in closed release, too."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._look_seconds, self._spread_seconds = 0.2, 0.2


vars(terminal.courier).update(Patience=Hurried, Courier=Courier, CONNECT_SECONDS=2.0)
vars(dashboard.ingest).update(Patience=Hurried, CONNECT_SECONDS=2.0)

if __name__ == "__main__":
    main()
