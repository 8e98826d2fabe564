"""A store on a card of its own, and taps to put in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ratings.config import Release
from ratings.table import Epoch
from terminal.ledger import Ledger

OSLO = ZoneInfo("Europe/Oslo")
EPOCH = Epoch("00000000-0000-4000-8000-000000000000")


def oslo(*when: int) -> datetime:
    """A moment in Oslo's civil time."""
    return datetime(*when, tzinfo=OSLO)  # type: ignore[misc,arg-type]


@pytest.fixture
def open_ledger(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Opens the ledger of one card, with settings by name; all are closed at the end."""
    opened: list[Ledger] = []

    def open_it(folder: str = "card", zone: ZoneInfo = OSLO, reasons: Sequence[str] = (), **settings: object) -> Ledger:
        ledger = Ledger.open(
            tmp_path / folder,
            Release(**settings),  # type: ignore[arg-type]
            zone,
            ["nb", "en", "th"],
            reasons,
            epoch=EPOCH if not (tmp_path / folder).exists() else None,
        )
        opened.append(ledger)
        return ledger

    yield open_it
    for ledger in opened:
        with contextlib.suppress(OSError):  # Closed by the test itself.
            ledger.close()
