"""The courier's command as it is, with a seed for its chances and short times.

`python -m tests.terminal.seeded SEED …` takes the words of `fjes` after the seed. A status comes every few seconds, not
every quarter of an hour.
"""

from __future__ import annotations

import sys
from typing import Any

import terminal.courier
from fjes.cli import main
from ratings.patience import Patience

SEED = int(sys.argv.pop(1))
STATUS_SECONDS = 2.0


class Courier(terminal.courier.Courier):
    """A courier that draws the same numbers in every run."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more, seed=SEED)
        self._look_seconds, self._spread_seconds = 0.05, 4.0
        self._patience = Patience(STATUS_SECONDS, 10 * STATUS_SECONDS)


vars(terminal.courier).update(Courier=Courier, STATUS_SECONDS=STATUS_SECONDS)

if __name__ == "__main__":
    main()
