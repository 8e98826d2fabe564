"""Ten thousand random touches, buttons, languages, reasons, waits, sleeps, wakes, sizes and configurations: the kiosk
does not crash, and its ledger ends with what a model says that was counted.

The model restates the rules that visit.py, rest.py, touch.py, repeats.py and the ledger write down, without their code.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ratings.config import Config, FollowUp, Hours, Kiosk, Reason, Release, Repeats
from ratings.pooling import pool
from ratings.scale import Score
from ratings.sections import REASONS
from ratings.table import SKIPPED, Slice
from terminal.kiosk.boxes import Box
from terminal.ledger import Ledger
from terminal.outbox import Outbox

Rig = Any
OSLO = ZoneInfo("Europe/Oslo")
ACTIONS = 10_000
SKIP = Reason(id=SKIPPED)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass
class Model:
    """What the rules say, at a moment (`now`, of the monotonic clock; `wall`, in Oslo)."""

    config: Config
    now: float
    wall: datetime
    state: str = "asking"
    shown: str = "asking"
    chosen: str | None = None
    deadline: float | None = None
    lit: str = "bright"
    touched: float = 0.0
    woken: float | None = None
    was_closed: bool = False
    finger: tuple[object, float] | None = None
    recent: deque[float] = field(default_factory=deque)
    aside_until: float = float("-inf")
    counts: dict[tuple[str, Slice, str], dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    )
    recorded: int = 0
    deaf_until: float = 0.0
    pending: tuple[tuple[str, Slice, str], Score] | None = None
    seen: set[str] = field(default_factory=set)

    def configure(self, config: Config) -> None:
        if config.repeats != self.config.repeats:
            self.recent.clear()
            self.aside_until = float("-inf")
        self.config = config
        self.lit, self.touched, self.woken, self.was_closed = "bright", self.now, None, False
        self.finger = None
        if self.chosen not in config.kiosk.languages:
            self.chosen = None
        if self.state == "follow-up" and not config.follow_up.reasons:
            self.thank()
        self.look()

    def wait(self, now: float, wall: datetime) -> None:
        self.now, self.wall = now, wall
        self.look()

    @property
    def open(self) -> bool:
        if self.config.hours.weekdays is None:
            return True
        return self.wall.weekday() < 5 and 9 <= self.wall.hour < 17

    def advance(self) -> None:
        """Time has passed."""
        if self.deadline is not None:
            if self.now < self.deadline:
                return
            if self.state == "follow-up":
                self.seen.add("passed")
                self.thank()
                return
            self.chosen = self.deadline = None
        self.state = "asking" if self.open else "closed"

    def look(self) -> None:
        """A round of the loop."""
        self.advance()
        self.seen.add(self.state)
        closed = self.state == "closed"
        if self.was_closed and not closed:
            self.touched = self.now
        self.was_closed = closed
        quiet, due = self.now - self.touched, "bright"
        if self.config.kiosk.dim_seconds and quiet >= self.config.kiosk.dim_seconds:
            due = "dim"
        if closed and self.config.hours.screen == "off" and quiet >= self.config.kiosk.idle_seconds:
            due = "off"
        if due != self.lit and due != "bright":
            self.finger = None
        self.lit = due
        self.seen.add(due)
        if self.state not in (self.shown, "asking"):
            self.finger = None
        self.shown = self.state

    def wakes(self) -> bool:
        """A finger was put down or a button pressed: whether it only wakes the screen."""
        self.touched = self.now
        if self.lit != "bright":
            self.lit, self.woken = "bright", self.now
            self.seen.add("woken")
            return True
        return self.woken is not None and self.now - self.woken < 0.5

    def down(self, target: object) -> None:
        self.advance()
        takes = self.state == "asking" or (self.state == "follow-up" and self.now >= self.deaf_until)
        if not self.wakes() and takes and target is not None:
            self.finger = target, self.now
        self.look()

    def up(self, target: object, *, broken: bool = False) -> None:
        self.advance()
        finger, self.finger = self.finger, None
        # Released where it was put down, soon enough, and still asking the same.
        if finger is not None and finger[0] == target and self.now - finger[1] <= 10:
            if isinstance(target, Reason):
                self.answer(target, broken=broken)
            elif isinstance(target, Score):
                self.press(target, broken=broken)
            else:
                self.chosen, self.deadline = str(target), self.now + self.config.kiosk.idle_seconds
        self.look()

    def button(self, score: Score) -> None:
        if not self.wakes():
            self.advance()
            if self.finger is None or self.now - self.finger[1] > 10:
                self.press(score)
        self.look()

    def press(self, score: Score, *, broken: bool = False) -> None:
        if self.state != "asking":
            return
        repeat = self.pounds()
        if broken:
            self.state, self.deadline = "out of order", self.now + 10
        else:
            self.count(score, repeat=repeat)
            if self.config.follow_up.reasons:
                self.state, self.deadline = "follow-up", self.now + self.config.follow_up.seconds
                self.deaf_until = self.now + 0.5
            else:
                self.thank()

    def answer(self, reason: Reason, *, broken: bool) -> None:
        self.seen.add("answered while broken" if broken else "skipped" if reason is SKIP else "answered")
        if self.pending and reason is not SKIP and not broken:
            table, score = self.pending
            if table == (self.question, Slice.REASON, self.quarter):  # Else it has been released.
                self.counts[table][SKIPPED][score] -= 1
                self.counts[table][reason.id][score] += 1
        self.thank()

    def thank(self) -> None:
        self.pending = None
        self.state, self.deadline = "thanks", self.now + self.config.kiosk.thanks_seconds

    def pounds(self) -> bool:
        rule = self.config.repeats
        self.recent.append(self.now)
        while len(self.recent) > rule.ratings:
            self.recent.popleft()
        if len(self.recent) == rule.ratings and self.now - self.recent[0] <= rule.seconds:
            self.recent.clear()
            self.aside_until = self.now + rule.seconds
            self.seen.add("repeat")
            return True
        return self.now <= self.aside_until

    def count(self, score: Score, *, repeat: bool) -> None:
        question, month, quarter = self.question, f"{self.wall:%Y-%m}", self.quarter
        self.counts[question, Slice.TOTAL, month]["repeat" if repeat else "counted"][score] += 1
        self.recorded += 1
        if not repeat:
            self.counts[question, Slice.LANGUAGE, quarter][self.chosen or "unchosen"][score] += 1
            self.counts[question, Slice.HOUR, quarter][f"{self.wall.isoweekday()}-{self.wall.hour}"][score] += 1
            if self.config.follow_up.reasons:
                self.counts[question, Slice.REASON, quarter][SKIPPED][score] += 1
                self.pending = (question, Slice.REASON, quarter), score

    @property
    def question(self) -> str:
        return "second" if self.wall.strftime("%Y-%m") >= "2026-07" else "visit"

    @property
    def quarter(self) -> str:
        return f"{self.wall:%Y}-Q{(self.wall.month + 2) // 3}"


class Hand:
    """Does the same to the kiosk and to the model, and sees that both are in the same state."""

    def __init__(self, rig: Rig, model: Model, backlights: Path, chance: random.Random) -> None:
        self.rig, self.model, self.backlights, self.chance = rig, model, backlights, chance

    def under(self, x: float, y: float) -> object:
        """What the layout has at a point."""
        layout, follow_up = self.rig.driver.layout, self.rig.kiosk.screens.follow_up.place
        if self.model.state == "follow-up":
            answers = zip(self.model.config.follow_up.reasons, follow_up.answers, strict=True)
            shown = [(SKIP, follow_up.skip), *((reason, each.target) for reason, each in answers)]
            return next((what for what, box in shown if box.holds(x, y)), None)
        boxes: list[tuple[object, Box]] = [(score, face.target) for score, face in layout.faces.items()]
        boxes += [
            (language, button.target)
            for language, button in zip(self.model.config.kiosk.languages, layout.languages, strict=False)
        ]
        return next((what for what, box in boxes if box.holds(x, y)), None)

    def somewhere(self) -> tuple[float, float]:
        """A point: mostly in a face or a language, else anywhere; not on an edge, where Kivy rounds."""
        while True:
            x, y = self.anywhere()
            if self.is_clear(x, y):
                return x, y

    def is_clear(self, x: float, y: float) -> bool:
        around = [self.under(x + across, y + down) for across in (-2, 2) for down in (-2, 2)]
        return all(each is around[0] for each in around)

    def anywhere(self) -> tuple[float, float]:
        layout, dice = self.rig.driver.layout, self.chance.random()
        if self.model.state == "follow-up" and dice < 0.8:
            follow_up = self.rig.kiosk.screens.follow_up.place
            box = self.chance.choice([follow_up.skip, *(each.target for each in follow_up.answers)])
        elif dice < 0.6:
            box = self.chance.choice([face.target for face in layout.faces.values()])
        elif dice < 0.85 and layout.languages:
            box = self.chance.choice(layout.languages).target
        else:
            box = Box(0, 0, layout.width, layout.height)
        return self.chance.randrange(box.x, box.right), self.chance.randrange(box.y, box.bottom)

    def down(self, x: float, y: float) -> None:
        self.model.down(self.under(x, y))
        self.rig.driver.down(x, y)

    def up(self, x: float, y: float, *, broken: bool = False) -> None:
        self.rig.notebook.broken = broken
        self.model.up(self.under(x, y), broken=broken)
        self.rig.driver.up(x, y)
        if broken:
            self.rig.notebook.broken = False
            self.rig.driver.pump()

    def wait(self, seconds: float) -> None:
        self.rig.clock.move(seconds)
        self.model.wait(self.rig.clock.seconds, self.rig.clock.moment.astimezone(OSLO))
        self.rig.driver.pump()

    def tap(self) -> None:
        at = self.somewhere()
        self.down(*at)
        self.wait(self.chance.choice([0.0, 0.05, 0.1, 0.3]))
        self.up(*at)

    def tap_while_the_disk_is_broken(self) -> None:
        at = self.somewhere()
        self.down(*at)
        self.up(*at, broken=True)

    def slide(self) -> None:
        self.down(*self.somewhere())
        x, y = self.somewhere()
        self.rig.driver.move(x, y)
        self.up(x, y)

    def hold(self) -> None:
        at = self.somewhere()
        self.down(*at)
        self.wait(self.chance.choice([2.0, 9.9, 10.1, 35.0, 700.0]))
        self.up(*at)

    def reconfigure_under_the_finger(self) -> None:
        at = self.somewhere()
        self.down(*at)
        self.configure()
        self.up(*at)

    def push(self) -> None:
        score = self.chance.choice(list(Score))
        self.model.button(score)
        self.rig.kiosk.press(score)
        self.rig.driver.pump()

    def pound(self) -> None:
        at = self.rig.driver.face_centre(self.chance.choice(list(Score)))
        for _ in range(12):
            if self.is_clear(*at):
                self.down(*at)
                self.up(*at)
            self.wait(self.model.config.kiosk.thanks_seconds)

    def pause(self) -> None:
        self.wait(self.chance.choice([0.2, 0.4, 1.0, 3.0, 3.0, 10.0, 10.0]))

    def rest(self) -> None:
        self.wait(self.chance.choice([21.0, 31.0, 121.0, 1800.0]))

    def sleep(self) -> None:
        self.wait(self.chance.choice([3600.0, 5 * 3600.0, 16 * 3600.0, 3 * 86400.0]))

    def configure(self) -> None:
        chance = self.chance
        languages = chance.sample(["nb", "en", "es", "bg", "th", "ro"], chance.randint(1, 6))
        office = {day: ["09:00-17:00"] for day in WEEKDAYS}
        config = msgspec.structs.replace(
            self.rig.config,
            kiosk=Kiosk(
                languages=languages,
                thanks_seconds=chance.choice([0.5, 3.0]),
                idle_seconds=chance.choice([5.0, 20.0]),
                best_face=chance.choice(["left", "right"]),
                dim_seconds=chance.choice([0, 30, 120]),
            ),
            hours=Hours(screen=chance.choice(["on", "off"]), **chance.choice([{}, office])),
            repeats=chance.choice([Repeats(), Repeats(ratings=3, seconds=10)]),
            follow_up=FollowUp(
                seconds=chance.choice([3.0, 8.0]),
                reasons=[Reason(id=each) for each in chance.sample(REASONS, chance.choice([0, 0, 1, 4, 6]))],
            ),
        )
        self.rig.kiosk.configure(config, self.backlights)
        self.model.configure(config)
        self.rig.driver.pump()

    def resize(self) -> None:
        self.model.finger = None
        self.rig.driver.resize(*self.chance.choice([(800, 480), (480, 800), (1024, 600)]))

    def act(self) -> None:
        actions: list[tuple[int, Callable[[], None]]] = [
            (400, self.tap),
            (250, self.pause),
            (80, self.push),
            (60, self.slide),
            (30, self.rest),
            (20, self.hold),
            (12, self.sleep),
            (10, self.tap_while_the_disk_is_broken),
            (3, self.configure),
            (2, self.reconfigure_under_the_finger),
            (3, self.pound),
            (1, self.resize),
        ]
        action = self.chance.choices([each for _, each in actions], [weight for weight, _ in actions])[0]
        action()
        visit, model = self.rig.kiosk.visit, self.model
        now = (str(visit.state), visit.chosen, self.rig.kiosk.rest.light.value)
        assert now == (model.state, model.chosen, model.lit), f"after {action.__name__}"


@pytest.fixture
def hand(rig: Rig, tmp_path: Path) -> Iterator[Hand]:
    """A new card in the kiosk, in front of a panel whose light can be set."""
    panel = tmp_path / "backlight" / "panel"
    panel.mkdir(parents=True)
    for name, number in {"max_brightness": 200, "brightness": 7, "bl_power": 0}.items():
        (panel / name).write_text(str(number))
    was, moment = rig.notebook.ledger, rig.clock.moment
    rig.clock.moment = max(moment, datetime(2026, 3, 2, 9, 0, tzinfo=OSLO))
    rig.notebook.ledger = Ledger.open(tmp_path / "card", Release(), OSLO, ["nb"])  # All else comes as it is configured.
    rig.kiosk.configure(rig.config, tmp_path)
    rig.driver.pump()
    model = Model(rig.config, rig.clock.seconds, rig.clock.moment.astimezone(OSLO), touched=rig.clock.seconds)
    yield Hand(rig, model, tmp_path / "backlight", random.Random(20261123))
    rig.notebook.ledger.close()
    rig.notebook.ledger, rig.clock.moment = was, moment
    rig.driver.resize(800, 480)
    rig.kiosk.configure(rig.config, tmp_path)
    rig.driver.pump()


def test_after_ten_thousand_random_things_the_ledger_has_what_the_model_counted(hand: Hand) -> None:
    for _ in range(ACTIONS):
        hand.act()
    model, ledger = hand.model, hand.rig.notebook.ledger
    # It was a test of something: a good part counted, and everything there is was met.
    assert model.recorded > ACTIONS / 20
    assert model.seen >= {"asking", "thanks", "out of order", "closed", "dim", "off", "woken", "repeat"}
    assert model.seen >= {"follow-up", "answered", "answered while broken", "skipped", "passed"}
    ledger.tidy()
    assert in_ledger(ledger) == {where: expected(*where, cells, ledger) for where, cells in model.counts.items()}


Place = tuple[str, Slice, str]


def in_ledger(ledger: Ledger) -> dict[Place, dict[str, tuple[int, ...]]]:
    """All tables but the trend, running and released; those without a rating left out."""
    found: dict[Place, dict[str, tuple[int, ...]]] = {}
    for question, slice_, _, text in ledger.cells.running(ledger.epoch):
        found[question, slice_, text] = dict(ledger.cells.read(ledger.epoch, question, slice_, text))
    for _, written in Outbox(ledger.path.parent).pending(ledger.epoch, 0):  # type: ignore[arg-type]
        question, slice_, text, cells = json.loads(written)
        assert (question, slice_, text) not in found, "a period is running or released, never both"
        found[question, Slice(slice_), text] = {key: tuple(counts) for key, counts in cells.items()}
    filled = {where: {key: counts for key, counts in cells.items() if sum(counts)} for where, cells in found.items()}
    return {where: cells for where, cells in filled.items() if cells and where[1] is not Slice.TREND}


def expected(question: str, slice_: Slice, text: str, cells: dict[str, list[int]], ledger: Ledger) -> dict[str, Any]:
    """A table of the model as the ledger has it: pooled where it was released."""
    plain: dict[str, Any] = {key: tuple(counts) for key, counts in cells.items() if sum(counts)}
    released = ledger.has_released(ledger.epoch, question, slice_, text)
    return dict(pool(slice_, plain, 5)) if released and slice_ is not Slice.TOTAL else plain
