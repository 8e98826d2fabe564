"""What the courier sends next, and what an acknowledgement means: the protocol's terminal end, without a network.

State, not events: the dashboard's number is the truth. Whatever is lost, doubled or reordered on the way, and whenever
either end is restarted or loses what it knew, sending goes on from what the dashboard says that it holds.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

import msgspec

from ratings import wire
from ratings.config import Release
from ratings.table import Epoch, Revision
from ratings.wire import Ack, Batch, Status
from terminal.outbox import Outbox

STATE_FILE = "acknowledged.json"


def confirmed(folder: Path) -> dict[Epoch, Revision]:
    """What a dashboard said last that it holds of each epoch; empty where it is not known."""
    try:
        return msgspec.json.decode((folder / STATE_FILE).read_bytes(), type=dict[Epoch, Revision])
    except (OSError, msgspec.DecodeError):
        return {}


class Delivery:
    """Decides for one terminal. `folder` keeps what was acknowledged, for the kiosk to read: no rating hangs on it."""

    def __init__(self, outbox: Outbox, folder: Path, release: Release, version: str) -> None:
        self.in_flight: Batch | None = None
        self._outbox = outbox
        self._path = folder / STATE_FILE
        self._release = release
        self._version = version
        self._confirmed = confirmed(folder)
        # Epochs whose number the dashboard has told since the connection was made.
        self._heard: set[Epoch] = set()

    def status(self, state: str = "online") -> Status:
        """What the terminal says of itself; the dashboard answers with what it holds of the current epoch."""
        epoch, revision = self._outbox.epochs()[-1]
        return Status("offline" if state == "offline" else "online", self._version, epoch, revision, self._release.mode)

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
            tables = self._outbox.pending(epoch, known) if epoch in self._heard else []
            self.in_flight = wire.pack(epoch, str(uuid.uuid4()), known, tables)
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
        sent = self.in_flight
        if sent is not None and sent.epoch == epoch:
            done = ack.batch == sent.batch or ack.upto >= sent.upto
            if done or ack.upto < sent.after:
                self.in_flight = None
        # A number beyond the card's own (it was rewound) must not hide what is released from now on.
        upto = min(Revision(ack.upto), last)
        if self._confirmed.get(epoch) != upto:
            self._confirmed[epoch] = upto
            self._write()

    def _write(self) -> None:
        """The dashboard knows it anyway: a card that is full or a cut of power costs one message, no rating."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(self._confirmed))
            os.replace(new, self._path)
