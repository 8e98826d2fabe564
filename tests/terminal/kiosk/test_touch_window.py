"""`fjes terminal touch` as a process on a real X server: what it says, and what it leaves alone."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial

import pytest

from ratings.sections import Turn
from terminal.kiosk import theme
from terminal.kiosk.touch_judge import PLACES
from terminal.kiosk.touch_test import DOUBLE_SECONDS
from terminal.kiosk.turning import TURNS, Turning
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server


def touch_rings(server: Server, rotation: Turn = 0, mounted: Turn = 0) -> None:
    """Touch every ring, on a panel whose touch layer is mounted so."""
    turning = Turning(*server.size, rotation)

    def shown(cross: tuple[float, float]) -> bool:
        return server.picture().getpixel((int(cross[0]), int(cross[1]))) == theme.INK.rgb

    def past(moment: float) -> bool:
        return time.monotonic() > moment

    touched = 0.0
    for number, (x, y) in enumerate(PLACES):
        wait(partial(shown, turning.shown(x * turning.layout[0], y * turning.layout[1])), f"ring {number + 1}")
        # A person is not faster.
        wait(partial(past, touched + 2 * DOUBLE_SECONDS), "the next touch")
        touched = time.monotonic()
        across, down = TURNS[mounted]((x, y))
        server.click(across * server.size[0], down * server.size[1])


def says(test: subprocess.Popen[str], what: str) -> bool:
    """Whether the test says so, sooner or later."""
    assert test.stdout is not None
    return any(what in line for line in iter(test.stdout.readline, ""))


@pytest.mark.parametrize(
    ("settings", "rotation", "mounted", "said", "code"),
    [
        ("", 0, 0, "Nothing needs to be changed", 0),
        ("", 0, 90, "touch_rotation = 90", 1),
        ("rotation = 270\ntouch_rotation = 90", 270, 270, "Remove touch_rotation", 1),
        ("rotation = 180", 180, 180, "Nothing needs to be changed", 0),
    ],
)
def test_the_touch_test_says_what_to_set_and_counts_nothing(
    server: Server, place: Callable[[str], Place], settings: str, rotation: Turn, mounted: Turn, said: str, code: int
) -> None:
    here = place(settings)
    test = here.start("touch")
    try:
        touch_rings(server, rotation, mounted)
        assert says(test, said)
        assert not server.cursor_is_seen()
    finally:
        test.send_signal(signal.SIGTERM)
        test.communicate(timeout=LIMIT)
    assert test.returncode == code
    assert here.files() == []
    assert list(here.store.iterdir()) == []


def test_the_touch_test_begins_anew_in_a_window_that_is_resized(server: Server, place: Callable[[str], Place]) -> None:
    test = place('size = "400x300"').start("touch")
    try:
        wait(lambda: test.poll() is not None or theme.BACKGROUND.rgb in colours(server.picture()), "a window")
        server.resize(server.size)
        touch_rings(server)
        assert says(test, "Nothing needs to be changed")
    finally:
        test.send_signal(signal.SIGTERM)
        test.communicate(timeout=LIMIT)
    assert test.returncode == 0


IMPATIENT = """
from fjes.cli import main
from terminal.kiosk import touch_window

touch_window.WAIT_SECONDS = touch_window.SHOW_SECONDS = 0.5
main()
"""


def test_the_touch_test_gives_up_where_nobody_touches(server: Server, place: Callable[[str], Place]) -> None:
    test = place("").start("touch", "-c", IMPATIENT)
    said, _ = test.communicate(timeout=LIMIT)
    assert test.returncode == 1
    assert said.startswith("No touch came.")


def test_the_touch_test_wants_a_screen(server: Server, place: Callable[[str], Place]) -> None:
    test = place("").start("touch", "-c", "import os; del os.environ['DISPLAY']\n" + IMPATIENT)
    said, complained = test.communicate(timeout=LIMIT)
    if said.startswith("No touch came."):
        pytest.skip("this machine has a screen of its own")
    assert (test.returncode, said) == (1, "")
    assert complained.startswith("Error: no screen was found to touch; connect one")
