"""What the courier sends next, and what an acknowledgement means: the protocol's terminal end, without a network.

State, not events: the dashboard's number is the truth. Whatever is lost, doubled or reordered on the way, and whenever
either end is restarted or loses what it knew, sending goes on from what the dashboard says that it holds.

Another life of the same store (a copy, or this one before it was rewound) uses the same epoch and the same numbers for
other tables. So a number proves nothing by itself: a table is delivered when a batch of our own that held it was
answered. What shows that there is another life is noted for the kiosk, which alone may write the store.
"""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from ratings import wire
from ratings.config import Release
from ratings.table import Epoch, Revision
from ratings.wire import Ack, Batch, Status
from terminal import files, storage
from terminal.outbox import Outbox

STATE_FILE = "acknowledged.json"
SENDERS_FILE = "senders.json"
NOTICED_FILE = "noticed.json"

MOST_SENDERS = 1000
"""So many starts of the courier are remembered: one a day for years, and more than any dashboard forgets."""

_IN_RANGE = msgspec.Meta(ge=0, le=2**53)
_T = TypeVar("_T")

_NOWHERE = Revision(2**53)
"""A batch after this is in nobody's order: it moves nothing, and only asks."""
_SENDER, _COUNT = slice(0, 24), slice(24, None)
"""The part of a batch's id that is one start of the courier's, and the part that counts."""


def confirmed(folder: Path) -> dict[Epoch, Revision]:
    """What a dashboard said last that it holds of each epoch; empty where it is not known."""
    return _read(folder / STATE_FILE, dict[Epoch, Annotated[Revision, _IN_RANGE]]) or {}


def noticed(folder: Path) -> dict[Epoch, Revision]:
    """Up to which revision another life of the store has used up the numbers of epochs, as far as was noticed."""
    return _read(folder / NOTICED_FILE, dict[Epoch, Annotated[Revision, _IN_RANGE]]) or {}


class Delivery:
    """Decides for one terminal. `folder` keeps what was acknowledged, for the kiosk to read: no rating hangs on it."""

    def __init__(self, outbox: Outbox, folder: Path, release: Release, version: str) -> None:
        self.in_flight: Batch | None = None
        self._outbox = outbox
        self._folder = folder
        self._release = release
        self._version = version
        self._confirmed = confirmed(folder)
        self._noticed = noticed(folder)
        # Starts of the courier, and how many batches each has sent: an image of a running card has its start as well.
        self._senders: dict[str, int] = _read(folder / SENDERS_FILE, dict[str, int]) or {}
        self._sender = ""
        # Epochs whose number the dashboard has told since the connection was made.
        self._heard: set[Epoch] = set()

    def status(self, state: str = "online") -> Status:
        """What the terminal says of itself; the dashboard answers with what it holds of the current epoch."""
        epoch, revision = self._outbox.epochs()[-1]
        return Status("offline" if state == "offline" else "online", self._version, epoch, revision, self._release.mode)

    def is_complete(self) -> bool:
        """Whether the dashboard has said, on this connection, that it has all of every epoch. Raises StoreError."""
        return self.in_flight is None and not self.unheard() and self._due() is None

    def pending(self) -> int:
        """How many released tables the dashboard has not acknowledged, as far as is known. Raises StoreError."""
        return sum(
            self._outbox.count(epoch, min(self._confirmed.get(epoch, Revision(0)), last))
            for epoch, last in self._outbox.epochs()
        )

    def restart(self) -> None:
        """A new connection, or a dashboard that came back: nothing is in flight, and nothing is known for sure."""
        self.in_flight = None
        self._heard.clear()

    def give_up(self) -> None:
        """No acknowledgement came in time: the batch may be lost, and will be made anew."""
        self.in_flight = None

    def next_batch(self) -> Batch | None:
        """The batch to send now; None while one is in flight, or nothing is due.

        An older epoch that the dashboard has not spoken of is asked about with an empty batch; of the current one,
        the status asks. Raises StoreError where the outbox cannot be read just now.
        """
        if self.in_flight is None and (due := self._due()) is not None:
            epoch, known = due
            if epoch in self._heard:
                # No more than goes into one: ten years may wait.
                tables = self._outbox.pending(epoch, known, wire.MOST_BYTES)
                self.in_flight = wire.pack(epoch, self._next_id(), known, tables)
            else:
                self.in_flight = wire.pack(epoch, self._next_id(), _NOWHERE, [])
            return self.in_flight
        return None

    def is_due(self) -> bool:
        """Whether something is to be sent, or asked, when nothing is in flight. Raises StoreError."""
        return self._due() is not None

    def _due(self) -> tuple[Epoch, Revision] | None:
        """The epoch to send next, and after which revision."""
        epochs = self._outbox.epochs()
        for epoch, last in epochs:
            known = min(self._confirmed.get(epoch, Revision(0)), last)
            if known < last if epoch in self._heard else epoch != epochs[-1][0]:
                return epoch, known
        return None

    def unheard(self) -> bool:
        """Whether the dashboard has yet to answer the status."""
        return self._outbox.epochs()[-1][0] not in self._heard

    def acknowledged(self, ack: Ack) -> None:
        """Take in what the dashboard says that it holds: forwards, or back to send again."""
        epoch = Epoch(ack.epoch)
        last = dict(self._outbox.epochs()).get(epoch)
        if last is None:
            return
        self._heard.add(epoch)
        used = self._outbox.used().get(epoch, Revision(0))
        ours = ack.batch is None or self._has_sent(ack.batch)
        if ack.upto > (max(last, used) if ours else used):
            self._notice(epoch, Revision(ack.upto))
        if ack.batch is None:
            known = min(Revision(ack.upto), last)  # Nobody has sent anything in order: no other life has spoken.
        else:
            known = min(self._confirmed.get(epoch, Revision(0)), Revision(ack.upto)) if ours else Revision(0)
        sent = self.in_flight
        if sent is not None and sent.epoch == epoch:
            if ack.batch == sent.batch:
                known = Revision(sent.upto)
            if ack.batch == sent.batch or ack.upto < sent.after:
                self.in_flight = None
        if self._confirmed.get(epoch) != known:
            self._confirmed[epoch] = known
            self._write(STATE_FILE, self._confirmed)

    def _notice(self, epoch: Epoch, upto: Revision) -> None:
        """Another life of the store has used up an epoch's numbers so far: let the kiosk know."""
        if upto > self._noticed.get(epoch, 0):
            self._noticed[epoch] = upto
            self._write(NOTICED_FILE, self._noticed, lasting=True)

    def _next_id(self) -> str:
        """A batch's id: known as ours when it comes back, also after a restart."""
        if not self._sender:
            self._sender = str(uuid.uuid4())[_SENDER]
            self._senders = dict([*self._senders.items(), (self._sender, 0)][-MOST_SENDERS:])
        self._senders[self._sender] += 1
        self._write(SENDERS_FILE, self._senders, lasting=True)
        return f"{self._sender}{self._senders[self._sender]:012x}"

    def _has_sent(self, batch: str) -> bool:
        """Whether a batch was sent by this card, in this life of it."""
        return int(batch[_COUNT], 16) <= self._senders.get(batch[_SENDER], -1)

    def _write(self, name: str, content: object, *, lasting: bool = False) -> None:
        """The dashboard knows it anyway: a card that is full or a cut of power costs some messages, no rating."""
        with contextlib.suppress(OSError):
            files.replace(self._folder / name, msgspec.json.encode(content), storage.SHARED, lasting=lasting)


def _read(path: Path, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
