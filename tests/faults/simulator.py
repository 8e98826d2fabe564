"""One schedule of the simulator: terminals, a dashboard and a network between them, and what goes wrong, from one seed.

The ledger, the release, the outbox, the delivery, the exchange and the store are the real ones; network, clocks and the
moments of failure come from a seeded dice. At the end the network is good for a while, and every tap that is still on
some card or in the database must be counted exactly once, for each terminal and slice.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from ratings import wire
from ratings.config import Release
from ratings.scale import Score
from terminal.delivery import NOTICED_FILE, SENDERS_FILE, STATE_FILE
from tests.faults.dashboard import Dashboard
from tests.faults.device import Device, Image, Message, Settings, writes
from tests.faults.disk import Disk
from tests.faults.model import Figures, Kind, Tap
from tests.faults.verdict import Left, look

TERMINALS = (("stua", "Europe/Oslo"), ("natt", "America/New_York"), ("buss", "Asia/Kathmandu"))
REASONS = ("waiting", "staff")
LANGUAGES = ("nb", "th")


def kind_of(seed: int) -> Kind:
    """The kind of a schedule goes with its seed."""
    return list(Kind)[seed % len(Kind)]


class Schedule:
    """One schedule. `run` raises AssertionError where something was lost or doubled; `tell` hears each step."""

    def __init__(
        self, seed: int, folder: Path, template: Path, disk: Disk, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.figures = Figures()
        self.kind = kind_of(seed)
        self._tell = tell
        self._dice = dice = random.Random(seed)
        self._folder = folder
        self._disk = disk
        self._time = datetime(2026, 9, 1, 10, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 120))
        self._images: list[tuple[Device, Image]] = []
        self._rewound: set[str] = set()
        self._burnt: set[str] = set()
        self._cards = 0
        (folder / "dashboard").mkdir()
        self._dashboard = Dashboard(folder / "dashboard", template, disk, self.figures)
        self._devices: list[Device] = []
        self._connected: dict[str, Device] = {}
        self._ever: list[Tap] = []
        for terminal, zone in TERMINALS[: dice.choice((1, 1, 2, 3))]:
            release = Release(
                mode=dice.choice(("closed", "closed", "live")),
                trend=dice.choice(("week", "week", "day", "none")),
                language=dice.choice(("month", "quarter")),
                hour=dice.choice(("month", "quarter")),
            )
            reasons = REASONS if dice.random() < 0.7 else ()
            self._switch_on(Settings(terminal, release, zone, LANGUAGES, reasons))

    def run(self) -> Figures:
        """Let it happen, let the network be good, and look."""
        # Epochs and batches have random names, whose order may matter: here they come from the seed as well. And a few
        # tables would never fill a batch.
        names, uuid.uuid4 = uuid.uuid4, lambda: uuid.UUID(int=self._dice.getrandbits(128), version=4)
        pack, most = wire.pack, self._dice.choice((wire.MOST_BYTES, wire.MOST_BYTES, 1500, 400))
        vars(wire)["pack"] = partial(pack, most_bytes=most)
        try:
            for _ in range(self._dice.choice((0, 1, 2))):
                self._live()
            for _ in range(self._dice.randrange(15, 50)):
                self._step()
            self._end_well()
            left = Left(self._devices, self._dashboard, self._ever, self._rewound, self._burnt)
            look(left, self.kind, self.figures)
        finally:
            uuid.uuid4, vars(wire)["pack"] = names, pack
            for device in self._devices:
                device.close()
            self._dashboard.close()
        return self.figures

    def _switch_on(self, settings: Settings) -> Device:
        self._cards += 1
        folder = self._folder / f"{settings.terminal}-{self._cards}"
        folder.mkdir()
        device = Device(
            folder, settings, f"board-{self._cards}", f"card-{self._cards}", self._disk, self.figures, self._ever
        )
        device.time = self._time
        device.follows_days = self.kind is not Kind.CLOCKS
        device.start()
        self._devices.append(device)
        return device

    def _live(self) -> None:
        """A month in which nothing goes wrong, so that there is something to lose."""
        for device in self._devices:
            for _ in range(self._dice.randrange(12)):
                score, language = self._dice.choice(list(Score)), self._dice.choice(("nb", "th", None))
                device.tap(self._question(device), score, language, repeat=False, cut=None, full=False)
        self._pass(timedelta(days=31))
        for device in self._devices:
            device.release(self._question(device), None)
            self._connect(device)
            self._converse(device)

    # Steps.

    def _step(self) -> None:
        steps: list[tuple[int, Callable[[Device], str | None]]] = [
            (20, self._tap),
            (5, self._choose),
            (4, self._tidy),
            (16, self._time_passes),
            (4, self._release),
            (12, self._send),
            (6, self._status),
            (16, self._up),
            (16, self._down),
            (4, self._lost),
            (3, self._give_up),
            (3, self._connect),
            (16, self._all_well),
            (2, self._restart),
            (2, self._courier_forgets),
            (2, self._ingest_restarts),
            (5, self._back_up),
            (1, self._lose_database),
            (5, self._restore),
        ]
        if self.kind is Kind.CLOCKS:
            steps += [(8, self._clock), (4, self._boot)]
        if self.kind is Kind.CARDS:
            steps += [(8, self._image), (7, self._rewind), (5, self._clone), (3, self._move), (2, self._burn)]
        weights = [weight for weight, _ in steps]
        more = None
        while more is None:  # Some have nothing to do now.
            _, step = self._dice.choices(steps, weights)[0]
            device = self._dice.choice(self._devices)
            more = step(device)
        name = step.__name__.strip("_")
        self.figures.events[name] += 1
        self._tell(f"{self._time:%Y-%m-%d %H:%M} {device.folder.name}: {name} {more}")

    def _cut(self, chance: float = 0.12) -> int | None:
        return writes(self._dice) if self._dice.random() < chance else None

    def _question(self, device: Device) -> str:
        """From the new year on, another one."""
        return "visit" if device.now.astimezone(device.ledger.zone).year < 2027 else "again"

    def _tap(self, device: Device) -> str:
        cut, dice = self._cut(), self._dice
        full = cut is not None and dice.random() < 0.3
        told = []
        for _ in range(dice.choice((1, 1, 1, 2, 5, 9))):
            score, language = dice.choice(list(Score)), dice.choice(("nb", "th", None))
            gone = device.tap(self._question(device), score, language, repeat=dice.random() < 0.1, cut=cut, full=full)
            told.append(f"{score.name}{_gone(gone)}")
            if device.pending is not None and dice.random() < 0.3:
                told.append(f"because{_gone(device.choose(dice.choice(REASONS), self._cut()))}")
            if cut is not None:
                break
        return ", ".join(told)

    def _choose(self, device: Device) -> str | None:
        if device.pending is None:
            return None
        return _gone(device.choose(self._dice.choice(REASONS), self._cut()))

    def _tidy(self, device: Device) -> str:
        return _gone(device.tidy(self._cut(0.3)))

    def _time_passes(self, device: Device) -> str:
        hours = self._dice.choice((1, 20, 24, 24 * 8, 24 * 31, 24 * 31))
        self._pass(timedelta(hours=hours))
        # Midnight has passed: every kiosk releases, as its calendar has it, before its next visitor.
        return f"{hours} hours" + "".join(_gone(self._let_go(each, 0.05)) for each in self._devices)

    def _pass(self, time: timedelta) -> None:
        self._time += time
        for each in self._devices:
            each.time = self._time
            each.pending = None

    def _release(self, device: Device) -> str:
        return _gone(self._let_go(device, 0.3))

    def _let_go(self, device: Device, chance: float) -> bool:
        full = self._dice.random() < 0.1
        gone = device.release(self._question(device), self._cut(chance), full=full)
        if gone or full:
            device.release(self._question(device), None)
        return gone

    def _send(self, device: Device) -> str | None:
        if self._online(device) is not device:
            self._connect(device)
        return "" if device.send() else None

    def _status(self, device: Device) -> str:
        if self._online(device) is device:
            device.send_status()
            return ""
        return self._connect(device)

    def _up(self, device: Device) -> str | None:
        if not device.up:
            return None
        at = self._dice.randrange(len(device.up))
        message = device.up[at] if (again := self._dice.random() < 0.3) else device.up.pop(at)
        return ("kept, too" if again else "") + self._take_in(device, message, self._cut())

    def _take_in(self, device: Device, message: Message, cut: int | None) -> str:
        ack = self._dashboard.take_in(device.settings.terminal, message, self._time, cut)
        if ack is None:
            return " cut off"
        if self._dice.random() < 0.1:
            self._dashboard.restart()  # Between merge and acknowledgement.
            return " merged, and no answer"
        self._online(device).down.append(ack)
        return ""

    def _online(self, device: Device) -> Device:
        """Of several with one terminal's login, the broker keeps the one that came last, and all answers go to it."""
        return self._connected.get(device.settings.terminal, device)

    def _down(self, device: Device) -> str | None:
        if not device.down:
            return None
        at = self._dice.randrange(len(device.down))
        device.receive(device.down[at] if self._dice.random() < 0.3 else device.down.pop(at))
        return ""

    def _lost(self, device: Device) -> str | None:
        way: list[Message] | list[bytes] = self._dice.choice((device.up, device.down))
        if not way:
            return None
        del way[self._dice.randrange(len(way))]
        return ""

    def _give_up(self, device: Device) -> str:
        device.delivery.give_up()
        return ""

    def _connect(self, device: Device) -> str:
        self._connected[device.settings.terminal] = device
        device.delivery.restart()
        device.send_status()
        return ""

    def _all_well(self, device: Device) -> str:
        """For a moment: so many messages each way that some may be delivered, and some are under way."""
        rounds = self._dice.choice((1, 2, 3, 8))
        self._connect(device)
        for _ in range(rounds):
            self._exchange(device)
            device.send()
        return f"for {rounds} rounds"

    def _restart(self, device: Device) -> str:
        gone = device.restart_kiosk(self._cut(0.5))
        self._let_go(device, 0.2)
        return _gone(gone)

    def _courier_forgets(self, device: Device) -> str:
        names = self._dice.choice(([], [], [STATE_FILE], [SENDERS_FILE], [NOTICED_FILE]))
        device.forget(*names)
        return ", ".join(names) or "everything"

    def _ingest_restarts(self, _: Device) -> str:
        self._dashboard.restart()
        return ""

    def _back_up(self, _: Device) -> str:
        self._dashboard.back_up()
        return ""

    def _lose_database(self, _: Device) -> str:
        self._dashboard.lose()
        return ""

    def _restore(self, _: Device) -> str | None:
        return "" if self._dashboard.restore() else None

    # Clocks.

    def _clock(self, device: Device) -> str:
        dice = self._dice
        if dice.random() < 0.4:
            device.wrong, device.synchronised = timedelta(0), True
            return "right"
        device.wrong = timedelta(days=dice.choice((-700, -40, -1, 1, 9, 40, 700)), hours=dice.randrange(24))
        return f"off by {device.wrong}"

    def _boot(self, device: Device) -> str:
        """Without a network, and with no battery clock: it wakes up in the past."""
        device.close()
        device.synchronised = self._dice.random() < 0.3
        begin = self._dice.choice((datetime(1970, 1, 1, tzinfo=UTC), self._time - timedelta(days=3), self._time))
        device.wrong = begin - self._time
        device.start()
        self._let_go(device, 0.1)
        return f"at {device.now:%Y-%m-%d}, {'known' if device.synchronised else 'not known'} right"

    # Cards.

    def _image(self, device: Device) -> str:
        to = self._folder / f"image-{len(self._images)}"
        self._images.append((device, device.image(to)))
        return to.name

    def _rewind(self, device: Device) -> str | None:
        """The card is written anew from an image of it."""
        images = [image for owner, image in self._images if owner is device]
        if not images:
            return None
        image = self._dice.choice(images)
        device.close()
        state = self._dice.random() < 0.5
        device.put_in(image, state=state)
        self._rewound.add(device.settings.terminal)
        device.start()
        self._let_go(device, 0.1)
        return f"to {image.path.name}, {'with' if state else 'without'} the courier's folder"

    def _clone(self, device: Device) -> str | None:
        """An image of a card goes into another board, as another card, and both run."""
        images = [image for owner, image in self._images if owner is device]
        if not images or len(self._devices) > 5:
            return None
        image = self._dice.choice(images)
        self._cards += 1
        folder = self._folder / f"{device.settings.terminal}-{self._cards}"
        folder.mkdir()
        copy = Device(
            folder, device.settings, f"board-{self._cards}", f"card-{self._cards}", self._disk, self.figures, self._ever
        )
        copy.time, copy.follows_days = self._time, True
        copy.put_in(image, state=True)
        copy.start()
        self._let_go(copy, 0.1)
        self._devices.append(copy)
        return f"of {image.path.name}: {folder.name}"

    def _move(self, device: Device) -> str:
        """The card goes into another board."""
        self._cards += 1
        device.close()
        device.owner = type(device.owner)(f"board-{self._cards}", device.owner.card)
        device.start()
        self._let_go(device, 0.1)
        return f"to board-{self._cards}"

    def _burn(self, device: Device) -> str:
        """The card is gone; a new one is made for the same terminal."""
        device.close()
        self._devices.remove(device)
        self._burnt.add(device.settings.terminal)
        self._connected.pop(device.settings.terminal, None)
        new = self._switch_on(device.settings)
        new.up = device.up  # What was under way may arrive.
        self._let_go(new, 0.1)
        return f"anew as {new.folder.name}"

    # The end.

    def _end_well(self) -> None:
        self._tell("all is well from now on")
        self._time += timedelta(days=1200)
        for device in self._devices:
            device.time, device.wrong, device.synchronised = self._time, timedelta(0), True
            device.close()
            device.start()
            device.up, device.down = [], []
            device.release(self._question(device), None)
        # What was held counts today, and is released when today's periods have closed.
        self._pass(timedelta(days=400))
        for device in self._devices:
            device.release(self._question(device), None)
        before: list[Row[Any]] = []
        for _ in range(6):
            for device in self._devices:
                self._connect(device)
                for _ in range(3):  # The kiosk heeds what the courier has noticed, and that is to be sent.
                    self._converse(device)
                    device.release(self._question(device), None)
                    device.send_status()
            rows = self._dashboard.rows()
            if rows == before:
                return
            before = rows
        raise AssertionError("the dashboard's tables never came to rest")

    def _converse(self, device: Device) -> None:
        """Let one terminal send all that is due."""
        for _ in range(200):
            self._exchange(device)
            if not device.send():
                break
        assert not device.delivery.is_due(), "a terminal never came to an end"

    def _exchange(self, device: Device) -> None:
        up, device.up = device.up, []
        for message in up:
            ack = self._dashboard.take_in(device.settings.terminal, message, self._time, None)
            assert ack is not None, "nothing was cut off, and there is no answer"
            device.receive(ack)


def _gone(gone: bool) -> str:
    return " (power cut)" if gone else ""
