"""A simulated terminal: a board with a card in it, the real ledger and the real delivery, and what power cuts leave.

Every change of the card can be cut off before any single write: the files are then put back to what they were at that
instant, and the terminal starts again. Whether a tap that was cut off counts is read from the card afterwards.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ratings import wire
from ratings.config import Release
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import SKIPPED, Epoch
from terminal import trust
from terminal.delivery import NOTICED_FILE, Delivery
from terminal.identity import Identity
from terminal.ledger import ClockError, Ledger, Pending, StoreError
from terminal.outbox import Outbox
from terminal.trust import Trust
from tests.faults.disk import Disk
from tests.faults.model import Figures, Tap, Where, carried

MOST_WRITES = 160
"""A tap makes 15 writes, a release up to about 150: cuts are spread over so many."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one terminal's configuration says."""

    terminal: str
    release: Release
    zone: str
    languages: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Message:
    """One message under way, and which taps its tables count."""

    payload: bytes
    tables: list[tuple[Where, frozenset[Tap]]] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """What a card's courier has sent, and what it was told of another life of the store: epochs with their numbers."""

    sent: set[str] = field(default_factory=set)
    """Ids of batches."""
    news: dict[str, int] = field(default_factory=dict)
    """Since the last release."""
    used: dict[str, int] = field(default_factory=dict)
    """Before that."""

    def copy(self) -> Told:
        """As it is now, for an image of the card."""
        return Told(set(self.sent), dict(self.news), dict(self.used))


@dataclass(frozen=True, slots=True)
class Image:
    """A copy of a card: where its files are, and what the model knows of it."""

    path: Path
    taps: list[Tap]
    told: Told


class Device:
    """One board with a card, switched on as long as the schedule lasts."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        board: str,
        card: str,
        disk: Disk,
        figures: Figures,
        ever: list[Tap],
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.owner = Identity(board, card)
        self.taps: list[Tap] = []
        """Every tap that is on the card, in order."""
        self.up: list[Message] = []
        self.down: list[bytes] = []
        self.pending: tuple[Pending, Tap] | None = None
        self.synchronised = True
        self.follows_days = True
        """Whether the model knows in which period a tap counts: where the clock is right."""
        self._disk = disk
        self._figures = figures
        self._ever = ever
        self.time = datetime.fromtimestamp(0, UTC)
        """What time it is, whatever the machine's clock says."""
        self.wrong = timedelta(0)
        """How far the machine's clock is from that."""
        self._boot = 0
        self._told = Told()

    @property
    def now(self) -> datetime:
        """What the machine's clock says."""
        return self.time + self.wrong

    # Power.

    def start(self) -> None:
        """Switch on: the machine starts, the kiosk opens its store, the courier begins."""
        self._boot += 1
        started = self.time
        boot = self.folder / "boot"
        boot.write_text(f"{self.folder.name}-{self._boot}")
        places = trust.Places(
            synchronised=self.folder / "no-marker", hardware=self.folder / "none", board=self.folder, boot=boot
        )
        self.trust = Trust(
            places=places, kernel=lambda: self.synchronised, uptime=lambda: (self.time - started).total_seconds()
        )
        self.open()

    def open(self) -> None:
        """The kiosk and the courier start, or start again."""
        self.pending = None
        self.ledger = self._open()
        self.delivery = Delivery(Outbox(self.folder / "card"), self.folder / "state", self.settings.release, "test")

    def _open(self) -> Ledger:
        chosen = self.settings
        return Ledger.open(
            self.folder / "card",
            chosen.release,
            ZoneInfo(chosen.zone),
            chosen.languages,
            chosen.reasons,
            trust=self.trust,
            owner=self.owner,
            state=self.folder / "state",
        )

    def close(self) -> None:
        """Switch off."""
        self.ledger.close()

    # What the kiosk does. `cut` is before which write the power goes, None for never; True where it has gone.

    def tap(
        self, question: str, score: Score, language: str | None, *, repeat: bool, cut: int | None, full: bool
    ) -> bool:
        """A visitor taps; the tap is known to the model if it is on the card. Returns whether the power went."""
        before = self._totals()
        cause: StoreError | None = None
        was_cut = False
        try:
            with self._cutting(cut, full) as power:
                found = self.ledger.record(question, score, language, self.now, repeat=repeat)
            was_cut = power.gone
        except StoreError as error:
            cause, was_cut = error, power.gone
        if was_cut:
            self._put_back()
            found = None
        after = self._totals()
        counted = sum(after) - sum(before)
        if cause is None and not was_cut:
            assert counted == 1, f"a thank-you was shown, and the card counts {counted}"
        elif cause is not None and not was_cut:
            assert counted == 0, f"no thank-you was shown, and the card counts {counted}: {cause}"
            self._figures.refused += 1
        assert 0 <= counted <= 1, f"one tap was cut off, and the card counts {counted}"
        if counted:
            day = self.now.astimezone(self.ledger.zone).date() if self.follows_days else None
            reason = SKIPPED if self.settings.reasons and not repeat else None
            tap = Tap(self.settings.terminal, self.ledger.epoch, question, day, score, language, repeat, reason)
            self.taps.append(tap)
            self._ever.append(tap)
            self._figures.taps += 1
            self.pending = (found, tap) if found is not None else None
        return was_cut

    def choose(self, reason: str, cut: int | None) -> bool:
        """The visitor gives a reason for the last rating. Returns whether the power went."""
        if self.pending is None:
            return False
        pending, tap = self.pending
        self.pending = None
        before = self._skipped()
        was_cut = self._do(lambda: self.ledger.choose(pending, reason), cut)
        moved = before - self._skipped()
        assert 0 <= moved <= 1, f"one reason was chosen, and {moved} have moved"
        if moved:
            tap.reason = reason
        return was_cut

    def release(self, question: str, cut: int | None, *, full: bool = False) -> bool:
        """What the kiosk does at midnight, at its start, and live every few seconds. Returns whether the power went."""

        def release() -> None:
            with contextlib.suppress(ClockError):
                self.ledger.release(self.now, question)

        gone = self._do(release, cut, full=full)
        if not gone and not full:
            # An epoch that is known to have another life takes no more taps.
            assert self.ledger.epoch not in self._told.news, "the kiosk goes on in an epoch that has another life"
            self._told.used |= self._told.news
            self._told.news.clear()
        return gone

    def tidy(self, cut: int | None) -> bool:
        """What the kiosk does when the thank-you is on the screen. Returns whether the power went."""
        return self._do(self.ledger.tidy, cut)

    def restart_kiosk(self, cut: int | None) -> bool:
        """The kiosk's process ends, and starts again; perhaps it is cut off in that. Returns whether it was."""
        self.ledger.close()
        with self._cutting(cut, False) as power:
            self.open()
        if power.gone:
            self._put_back()
        return power.gone

    # What the courier does.

    def send_status(self) -> None:
        """Send the status."""
        self.up.append(Message(wire.encode(self.delivery.status())))

    def send(self) -> bool:
        """Send what is due; whether anything was."""
        batch = self.delivery.next_batch()
        if batch is None:
            return False
        tables = [wire.decode_table(raw) for raw in batch.tables]
        counted = [
            (
                Where(self.settings.terminal, batch.epoch, table.question, table.slice, table.period),
                frozenset(carried(self.taps, batch.epoch, table)),
            )
            for table in tables
            if self.follows_days
        ]
        self._told.sent.add(batch.batch)
        self.up.append(Message(wire.encode(batch), counted))
        return True

    def receive(self, payload: bytes) -> None:
        """An acknowledgement came."""
        ack = wire.decode(payload, wire.Ack)
        self.delivery.acknowledged(ack)
        last = dict(Outbox(self.folder / "card").epochs()).get(Epoch(ack.epoch))
        strange = ack.batch is not None and ack.batch not in self._told.sent
        if last is not None and ack.upto > self._told.used.get(ack.epoch, 0) and (strange or ack.upto > last):
            self._told.news[ack.epoch] = ack.upto

    def forget(self, *names: str) -> None:
        """The courier starts again, without some files of its folder; without names, without any."""
        for path in [self.folder / "state" / name for name in names] or [self.folder / "state"]:
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
        if not names or NOTICED_FILE in names:
            self._told.news.clear()
        self.restart_kiosk(None)

    # The card.

    def image(self, to: Path) -> Image:
        """Copy the card, and the courier's folder beside it."""
        self._copy(to)
        return Image(to, list(self.taps), self._told.copy())

    def _copy(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        for name in ("card", "state"):
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, to / name)

    def put_in(self, image: Image, *, state: bool) -> None:
        """Another card, or this one as it was; `state`: with the courier's folder of the image, or the present one."""
        told = image.told.copy()
        if not state:
            told.sent, told.news = self._told.sent, self._told.news
        self._told = told
        for name in ("card", "state") if state else ("card",):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (image.path / name).exists():
                shutil.copytree(image.path / name, self.folder / name)
        self.taps = list(image.taps)

    def _do(self, action: Callable[[], object], cut: int | None, *, full: bool = False) -> bool:
        try:
            with self._cutting(cut, full) as power:
                action()
        except StoreError:
            if not (full or power.gone):
                raise
        if power.gone:
            self._put_back()
        return power.gone

    @contextlib.contextmanager
    def _cutting(self, cut: int | None, full: bool) -> Iterator[_Power]:
        power = _Power()

        def go() -> None:
            power.gone = True
            self._copy(self._left())

        if cut is None:
            yield power
        elif full:
            with self._disk.full(cut):
                yield power
        else:
            with self._disk.calling(go, cut):
                yield power

    def _left(self) -> Path:
        return self.folder.with_name(self.folder.name + "-left")

    def _put_back(self) -> None:
        """The card as the power left it, and the terminal started again."""
        self._figures.cut += 1
        self.ledger.close()
        for name in ("card", "state"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (self._left() / name).exists():
                shutil.copytree(self._left() / name, self.folder / name)
        self.start()

    def _totals(self) -> Counts:
        return self._sum("slice='total'")

    def _skipped(self) -> int:
        return sum(self._sum(f"slice='reason' AND key='{SKIPPED}'"))

    def _sum(self, where: str) -> Counts:
        rows = self.ledger.connection.execute(f"SELECT counts FROM main.cell WHERE {where}").fetchall()
        return add(ZERO, *(_four(row[0]) for row in rows))


class _Power:
    gone = False


def _four(counts: bytes) -> Counts:
    a, b, c, d = (int.from_bytes(counts[at : at + 4], "big") for at in range(0, 16, 4))
    return a, b, c, d


def writes(dice: random.Random) -> int:
    """Before which write something is cut off: early ones more often."""
    return int(MOST_WRITES ** dice.random()) - 1
