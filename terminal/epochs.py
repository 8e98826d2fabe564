"""Epochs: whose store this is, and when a new life of it begins. The old one is frozen, the new one starts at zero.

The running tables of a frozen epoch take no more taps and are released when their periods close: `terminal/release.py`
sees to all epochs alike. A new one begins with a new store, a new time zone, another board, card or id (it was moved to
another site), when the courier has noticed another life of this store, and where a tap would open again what is final.
Everything here is part of a transaction of the ledger's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from ratings.table import Epoch, Revision, Slice
from terminal import delivery, identity, outbox
from terminal.identity import Identity

if TYPE_CHECKING:
    from terminal.ledger import Ledger
    from terminal.running import Running

_OUTBOX = "outbox"


def open_store(ledger: Ledger, owner: Identity, epoch: Epoch | None) -> None:
    """Begin the first epoch, or the next where zone or owner have changed. `epoch` is used for a new one, if given.

    What cannot be read of the owner changes nothing; what can be for the first time is taken down.
    """
    cells = ledger.cells
    salt = cells.meta("salt")
    moved = cells.meta("timezone") != ledger.zone.key
    if salt is None:
        # The first epoch: random, and the same wherever the store goes.
        epoch = epoch or Epoch(str(uuid.uuid4()))
        salt = cells.meta("epoch") or epoch
        cells.set_meta("salt", salt)
    for name, value in (("board", owner.board), ("card", owner.card), ("terminal", owner.terminal)):
        if value is not None:
            found = identity.digest(value, salt)
            moved |= cells.meta(name) not in (None, found)
            cells.set_meta(name, found)
    if moved:
        begin(ledger, epoch)


def begin(ledger: Ledger, epoch: Epoch | None = None) -> None:
    """Freeze the current epoch, if any, and start another."""
    epoch = epoch or Epoch(str(uuid.uuid4()))
    ledger.connection.execute(f"INSERT INTO {_OUTBOX}.epoch (epoch) VALUES (?)", (epoch,))  # noqa: S608
    ledger.cells.set_meta("epoch", epoch)
    ledger.cells.set_meta("timezone", ledger.zone.key)


def is_over(ledger: Ledger, epoch: Epoch, running: Running, question: str, slices: Iterable[Slice], day: date) -> bool:
    """Whether a tap of `day` cannot count in an epoch: it would begin a period whose table is released, and final.

    So it is where a clock ran ahead into the months of the next question and came back: that one's periods were closed
    before their time. The second table would take the first one's place.
    """
    for slice_ in slices:
        grain = ledger.grain(slice_)
        if grain is not None and running.find(question, slice_, day) is None:
            days, text = running.next(question, slice_, grain, day)
            if outbox.meets(ledger.connection, _OUTBOX, epoch, question, slice_, days, text):
                return True
    return False


def heed(ledger: Ledger) -> None:
    """Act on what the courier has noticed: another life of this store has used up revisions of an epoch.

    What the dashboard has not acknowledged is numbered anew, above them; the current epoch is frozen.
    """
    if ledger.state is None:
        return
    confirmed, noticed = delivery.confirmed(ledger.state), delivery.noticed(ledger.state)
    for epoch in _all(ledger):
        last = outbox.last_revision(ledger.connection, epoch, _OUTBOX)
        used = outbox.used(ledger.connection, epoch, _OUTBOX)
        sure = confirmed.get(epoch, Revision(0))
        upto = noticed.get(epoch, Revision(0))
        if sure > max(last, used):
            # The courier's own note is beyond the card: the store was rewound, and the courier's folder was not.
            sure, upto = Revision(0), max(sure, upto)
        if upto > used:
            outbox.renumber(ledger.connection, _OUTBOX, epoch, min(sure, last), upto)
            if epoch == ledger.cells.meta("epoch"):
                begin(ledger)
                ledger.reload()


def _all(ledger: Ledger) -> list[Epoch]:
    rows = ledger.connection.execute(f"SELECT epoch FROM {_OUTBOX}.epoch ORDER BY number")  # noqa: S608
    return [Epoch(row[0]) for row in rows.fetchall()]
