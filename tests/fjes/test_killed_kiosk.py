"""A kiosk that is killed at any moment, while its buttons are pressed: what the LEDs thanked for is on the card."""

from __future__ import annotations

import contextlib
import os
import random
import selectors
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from ratings.config import Release
from ratings.table import COUNTED, REPEAT, Slice
from terminal.ledger import Ledger

KILLS = 10
LIMIT_SECONDS = 60.0


def counted(card: Path) -> int:
    """How many ratings a kiosk that opens this card would go on from; what is half done is put right by opening it."""
    ledger = Ledger.open(card, Release(), ZoneInfo("Europe/Oslo"), ["nb"])
    with contextlib.closing(ledger):
        return sum(
            sum(counts)
            for question, slice_, _, text in ledger.cells.running(ledger.epoch)
            if slice_ is Slice.TOTAL
            for key, counts in ledger.cells.read(ledger.epoch, question, slice_, text).items()
            if key in (COUNTED, REPEAT)
        )


def lit_until_killed(settings: Path, lights: int, later: float) -> int:
    """Let it run until its LEDs have lit up so often, and some seconds more; kill it. Returns how often they did."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "tests.fjes.pressed", str(settings)]
    lit, end = 0, time.monotonic() + LIMIT_SECONDS
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
        selectors.DefaultSelector() as selector,
    ):
        assert process.stdout is not None
        selector.register(process.stdout, selectors.EVENT_READ)
        try:
            while lit < lights:
                assert time.monotonic() < end, f"its LEDs lit up only {lit} times"
                assert process.poll() is None, "the kiosk ended by itself"
                if selector.select(0.1):
                    lit += os.read(process.stdout.fileno(), 4096).count(b"lit\n")
            time.sleep(later)  # Not a wait for anything: the moment is any, and mostly the very one of the light.
        finally:
            process.kill()
        return lit + process.stdout.read().count(b"lit\n")


def test_what_the_leds_thanked_for_is_on_the_card_whenever_the_kiosk_is_killed(tmp_path: Path) -> None:
    settings, card = tmp_path / "fjes.toml", tmp_path / "card"
    settings.write_text(
        f'[terminal]\nclock = "system"\nstore = "{card}"\nstate = "{tmp_path}/state"\n'
        '[kiosk]\nsize = "480x320"\nlanguages = ["nb"]\n[sound]\nvolume_percent = 0\n'
        '[buttons]\nfactory = "mock"\nbounce_seconds = 0\n'
        "very_unhappy_led = 5\nunhappy_led = 6\nhappy_led = 13\nvery_happy_led = 19\n"
    )
    chance = random.Random(20261129)
    before = 0
    for _ in range(KILLS):
        lit = lit_until_killed(settings, chance.randint(1, 40), chance.choice([0.0, 0.0, chance.uniform(0, 0.03)]))
        now = counted(card)
        # One may be on the card that the light had no time for; none may be lit that is not.
        assert lit <= now - before <= lit + 1
        before = now
    assert before > KILLS
    with contextlib.closing(sqlite3.connect(card / "open.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
