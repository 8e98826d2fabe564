"""The staff menu of the real command on a real X server, left to its own loop: nothing but the finger wakes it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial

import pytest
from PIL import Image

from ratings.scale import Score
from terminal import pin
from terminal.kiosk import staff_layout, theme
from terminal.kiosk.corner import HOLD_SECONDS
from terminal.kiosk.staff import OK
from terminal.kiosk.touch import Key
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server

PIN = "483920"
SIZE = (800, 480)


@pytest.mark.usefixtures("typeface_ready")
def test_a_held_finger_and_the_pin_open_the_menu_and_it_leaves_no_trace(
    place: Callable[[str], Place], server: Server
) -> None:
    machine = place(f'\n[staff]\npin = "{pin.hashed(PIN)}"\n')
    process = machine.start("kiosk", "-m", "fjes")
    wait(lambda: theme.SKINS[Score.HAPPY].fill.rgb in colours(server.picture()), "the faces")
    asking = server.picture()
    keys = staff_layout.pad(*SIZE).keys

    def changed(before: Image.Image) -> bool:
        return not server.shows(before)

    def finger(x: float, y: float, *, down: bool) -> None:
        server.test.XTestFakeMotionEvent(server.display, 0, int(x), int(y), 0)
        server.test.XTestFakeButtonEvent(server.display, 1, down, 0)
        server.x11.XSync(server.display, 0)

    finger(20, 20, down=True)
    since = time.monotonic()
    wait(partial(changed, asking), "the PIN pad")
    assert HOLD_SECONDS - 0.2 < time.monotonic() - since < HOLD_SECONDS + 1
    finger(20, 20, down=False)
    for digit in PIN:
        before = server.picture()
        server.click(*keys[Key(digit)].pill.centre)
        wait(partial(changed, before), "a dot for the digit")
    inside = keys[OK].pill.x + 20, int(keys[OK].pill.centre[1])
    wait(lambda: server.picture().getpixel(inside) == theme.INK.rgb, "the key for OK")
    server.click(*keys[OK].pill.centre)
    wait(lambda: server.picture().getpixel(inside) != theme.INK.rgb, "the status in place of the pad")
    assert theme.SKINS[Score.HAPPY].fill.rgb not in colours(server.picture())
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=LIMIT) == ("", "")
    assert machine.ratings() == {}
    assert machine.files() == []
    assert not (machine.store / pin.TRIES_FILE).exists()
