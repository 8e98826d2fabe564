"""The window at closing time, and when its light is down: what counts then, and what only wakes it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from PIL import ImageChops

from ratings.config import Hours, Kiosk
from ratings.scale import Score
from terminal.rest import WAKING_SECONDS
from terminal.visit import State

Rig = Any
Keep = Callable[..., Path]

FULL, DIMMED = 200, 40


@pytest.fixture
def keep(rig: Rig, tmp_path: Path) -> Iterator[Keep]:
    """Lets the kiosk go by other hours and another light for a test, on a Monday at 15:59:50 in Oslo."""
    was = rig.clock.moment

    def change(panel: str = "panel", *, hours: Hours | None = None, **kiosk: Any) -> Path:
        folder = tmp_path / "backlight"
        folder.mkdir()
        if panel:
            (folder / panel).mkdir()
            for name, number in {"max_brightness": FULL, "brightness": 7, "bl_power": 0}.items():
                (folder / panel / name).write_text(str(number))
        rig.clock.moment = datetime(2026, 3, 2, 15, 59, 50, tzinfo=ZoneInfo("Europe/Oslo"))
        rig.kiosk.configure(msgspec.structs.replace(rig.config, kiosk=Kiosk(**kiosk), hours=hours or Hours()), folder)
        rig.driver.pump()
        rig.notebook.calls.clear()
        return folder / panel

    yield change
    rig.kiosk.configure(rig.config, tmp_path)
    rig.clock.moment = was
    rig.driver.pump()
    rig.wait(30)


MONDAY = Hours(monday=["10:00-16:00"], tuesday=["10:00-16:00"])
DARK = Hours(monday=["10:00-16:00"], tuesday=["10:00-16:00"], screen="off")


def light(panel: Path) -> tuple[int, int]:
    return int((panel / "brightness").read_text()), int((panel / "bl_power").read_text())


def test_at_closing_time_it_closes_and_nothing_counts(rig: Rig, keep: Keep) -> None:
    keep(hours=MONDAY)
    asking = rig.driver.picture()
    rig.wait(9.9)
    assert rig.kiosk.visit.state is State.ASKING
    rig.wait(0.1)
    assert str(rig.kiosk.visit.state) == "closed"
    closed = rig.driver.picture()
    assert ImageChops.difference(asking, closed).getbbox()
    for score in Score:
        rig.tap(score)
        rig.kiosk.press(score)
        rig.driver.pump()
    rig.tap("th")
    assert ImageChops.difference(closed, rig.driver.picture()).getbbox() is None, "in the first language, and still"
    assert rig.notebook.taps == []


def test_at_opening_time_it_asks_by_itself_also_when_the_clock_was_moved_there(rig: Rig, keep: Keep) -> None:
    keep(hours=MONDAY)
    rig.wait(17 * 3600)
    assert rig.kiosk.visit.state is State.CLOSED
    rig.wait(3610)
    assert str(rig.kiosk.visit.state) == "asking"
    for hour, state in ((3, "closed"), (12, "asking"), (9, "closed")):
        rig.clock.moment = rig.clock.moment.replace(hour=hour)
        rig.driver.pump()
        assert str(rig.kiosk.visit.state) == state
    assert rig.notebook.taps == []


def test_a_visit_under_way_at_closing_time_is_finished(rig: Rig, keep: Keep) -> None:
    keep(hours=MONDAY)
    rig.tap("th")
    rig.wait(11)
    rig.tap(Score.HAPPY)
    assert rig.notebook.taps == [(Score.HAPPY, "th")]
    rig.wait(2.9)
    assert rig.kiosk.visit.state is State.THANKS
    rig.wait(0.1)
    assert str(rig.kiosk.visit.state) == "closed"


def test_a_press_after_closing_time_is_not_counted_though_the_window_has_not_closed_yet(rig: Rig, keep: Keep) -> None:
    keep(hours=MONDAY)
    at = rig.centre(Score.HAPPY)
    rig.driver.down(*at)
    rig.clock.move(11)
    rig.driver.up(*at)
    assert rig.notebook.taps == []


def test_the_finger_that_wakes_a_dimmed_screen_does_not_vote_and_the_next_one_does(rig: Rig, keep: Keep) -> None:
    panel = keep(dim_seconds=30)
    assert light(panel) == (FULL, 0)
    before = rig.driver.picture()
    rig.wait(30)
    assert light(panel) == (DIMMED, 0)
    rig.driver.down(*rig.centre(Score.HAPPY))
    assert light(panel) == (FULL, 0)
    assert ImageChops.difference(before, rig.driver.picture()).getbbox() is None, "no face looks held"
    rig.wait(1)
    rig.driver.up(*rig.centre(Score.HAPPY))
    assert rig.notebook.calls == []
    rig.tap(Score.UNHAPPY)
    assert rig.notebook.taps == [(Score.UNHAPPY, None)]


def test_a_finger_that_wakes_chooses_no_language(rig: Rig, keep: Keep) -> None:
    keep(dim_seconds=30)
    rig.wait(30)
    rig.tap("th")
    assert rig.kiosk.visit.chosen is None


def test_the_button_that_wakes_does_not_vote_nor_do_those_with_it(rig: Rig, keep: Keep) -> None:
    panel = keep(dim_seconds=30)
    rig.wait(30)
    for score in Score:
        rig.kiosk.press(score)
    rig.driver.pump()
    assert light(panel) == (FULL, 0)
    rig.wait(WAKING_SECONDS - 0.01)
    rig.tap(Score.HAPPY)
    assert rig.notebook.taps == []
    rig.wait(0.02)
    rig.kiosk.press(Score.UNHAPPY)
    rig.driver.pump()
    assert rig.notebook.taps == [(Score.UNHAPPY, None)]


def test_a_finger_that_lay_there_when_the_light_went_down_never_votes(rig: Rig, keep: Keep) -> None:
    panel = keep(dim_seconds=30)
    at = rig.centre(Score.HAPPY)
    rig.wait(25)
    rig.driver.down(*at)
    rig.wait(30)
    assert light(panel) == (DIMMED, 0)
    rig.kiosk.press(Score.UNHAPPY)  # Wakes it.
    rig.driver.pump()
    rig.wait(1)
    rig.driver.up(*at)
    assert rig.notebook.taps == []


def test_a_finger_that_is_lifted_from_a_dimmed_screen_neither_votes_nor_wakes_it(rig: Rig, keep: Keep) -> None:
    panel = keep(dim_seconds=30)
    at = rig.centre(Score.HAPPY)
    rig.driver.down(*at)
    rig.wait(30)
    rig.driver.move(at[0] + 1, at[1])
    rig.driver.up(*at)
    assert light(panel) == (DIMMED, 0)
    assert rig.notebook.taps == []


def test_outside_the_hours_the_screen_is_dark_and_a_touch_shows_that_it_is_closed(rig: Rig, keep: Keep) -> None:
    panel = keep(hours=DARK)
    rig.wait(10)
    assert light(panel) == (FULL, 0)
    rig.wait(10)
    assert light(panel) == (0, 4)
    rig.tap(Score.HAPPY)
    assert light(panel) == (FULL, 0)
    rig.wait(20)
    assert light(panel) == (0, 4)
    rig.wait(18 * 3600)
    assert light(panel) == (FULL, 0)
    assert rig.kiosk.visit.state is State.ASKING
    assert rig.notebook.taps == []


def test_a_dark_screen_at_rest_draws_nothing_and_sets_no_light(rig: Rig, keep: Keep) -> None:
    panel = keep(hours=DARK, dim_seconds=30)
    rig.wait(60)
    rig.driver.pump()
    frames: list[int] = []
    rig.kiosk.window.bind(on_flip=lambda *_: frames.append(1))
    told = (panel / "brightness").stat().st_mtime_ns
    for _ in range(20):
        rig.wait(0.5)
    assert frames == []
    assert (panel / "brightness").stat().st_mtime_ns == told


def test_without_a_backlight_it_says_so_once_and_no_touch_is_lost(
    rig: Rig, keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    keep("", dim_seconds=30, hours=Hours(screen="off"))
    rig.wait(3600)
    rig.tap(Score.HAPPY)
    assert rig.notebook.taps == [(Score.HAPPY, None)]
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "the screen's light stays as it is, in spite of [kiosk] dim_seconds and [hours] screen: there is no backlight"
    )


def test_where_nothing_is_asked_of_the_light_it_is_left_alone(
    rig: Rig, keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    panel = keep(hours=MONDAY)
    rig.wait(3600)
    assert light(panel) == (7, 0)
    assert caplog.records == []


def test_waking_dimming_and_closing_leave_no_line_in_a_log(
    rig: Rig, keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    panel = keep(hours=DARK, dim_seconds=30)
    rig.wait(40)
    rig.tap(Score.HAPPY)
    (panel / "brightness").unlink()
    rig.wait(40)
    rig.tap(Score.HAPPY)
    assert caplog.records == []
    assert sorted(path.name for path in panel.iterdir()) == ["bl_power", "max_brightness"]


PROGRAM = """
import os, signal, sys, threading, time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
from ratings.config import Config, Hours, Kiosk
from terminal.clock import SystemClock
from terminal.kiosk.app import Kiosk as App
from terminal.ledger import Ledger
from terminal.visit import State

class Moved(SystemClock):
    ahead = timedelta()
    def now(self):
        return super().now() + self.ahead

clock = Moved()
days = [(clock.now() + timedelta(days=number)).date().isoformat() for number in (-1, 1)]
config = Config(kiosk=Kiosk(size="800x480", idle_seconds=0.5), hours=Hours(closed=["/".join(days)], screen="off"))
ledger = Ledger.open(Path(sys.argv[1]), config.release, ZoneInfo("Europe/Oslo"), config.kiosk.languages)
kiosk = App(config, clock, ledger, offscreen=True, backlights=Path(sys.argv[2]))
power = Path(sys.argv[2], "panel", "bl_power")

def wait(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)

def day():
    wait(lambda: power.read_text() == "4")
    assert kiosk.visit.state is State.CLOSED
    clock.ahead = timedelta(days=3)
    moved = time.monotonic()
    wait(lambda: kiosk.visit.state is State.ASKING and power.read_text() == "0")
    print(time.monotonic() - moved)
    clock.ahead = timedelta()
    wait(lambda: power.read_text() == "4")
    os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())
threading.Thread(target=day).start()
kiosk.run()
ledger.close()
"""


def test_left_to_itself_it_opens_within_a_second_and_leaves_the_screen_lit_when_it_ends(tmp_path: Path) -> None:
    panel = tmp_path / "backlight" / "panel"
    panel.mkdir(parents=True)
    for name in ("max_brightness", "brightness", "bl_power"):
        (panel / name).write_text("100")
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path / "card"), str(panel.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) < 1
    assert light(panel) == (100, 0)
