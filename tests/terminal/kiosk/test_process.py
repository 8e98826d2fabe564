"""The kiosk as a process on a real X server, with a real pointer and keyboard: nothing but touches reaches it."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from PIL import Image

from ratings.scale import Score
from ratings.sections import Turn
from terminal.kiosk import layout, theme
from terminal.kiosk.turning import Turning
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, Size, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server


def spots(size: Size, rotation: Turn) -> tuple[dict[Score, tuple[float, float]], list[tuple[float, float]]]:
    """Where faces and language buttons are on the screen; the widths of the languages' names hardly move them."""
    turning = Turning(*size, rotation)
    places = layout.arrange(*turning.layout, [4.0] * 6)
    faces = {score: turning.shown(*face.picture.centre) for score, face in places.faces.items()}
    return faces, [turning.shown(*button.pill.centre) for button in places.languages]


@pytest.mark.parametrize(("server", "rotation"), [((800, 480), 0), ((480, 800), 90)], indirect=["server"])
def test_nothing_but_touches_reaches_a_running_kiosk_and_it_writes_nothing(
    server: Server, place: Callable[[str], Place], rotation: Turn
) -> None:
    here = place(f"rotation = {rotation}")
    faces, languages = spots(server.size, rotation)
    fill = theme.SKINS[Score.VERY_HAPPY].fill.rgb
    kiosk = here.start("kiosk")
    try:
        wait(lambda: kiosk.poll() is not None or fill in colours(server.picture()), "the faces on the screen")
        assert kiosk.poll() is None, kiosk.communicate()
        asking = server.picture()
        english = step(server, lambda: server.click(*languages[1]), asking)
        step(server, lambda: server.click(*languages[0]), english, asking)
        for keys in KEYS:
            server.type(*keys)
        server.ask_to_close()
        for button in (2, 3, 4, 5, 6, 7, 8, 9):
            server.click(*faces[Score.UNHAPPY], button=button)
        # The server hands on what happens in its order: when this is seen, all of the above was.
        step(server, lambda: server.click(*languages[1]), asking, english)
        step(server, lambda: server.click(*languages[0]), english, asking)
        assert not server.cursor_is_seen()
        step(server, lambda: server.click(*faces[Score.HAPPY]), asking)
        wait(lambda: server.shows(asking), "the question after the thank-you")
        assert kiosk.poll() is None
        assert here.files() == []
    finally:
        kiosk.send_signal(signal.SIGTERM)
        said, complained = kiosk.communicate(timeout=LIMIT)
    assert (kiosk.returncode, said, complained) == (0, "", "")
    assert here.files() == []
    assert here.ratings() == {Score.HAPPY: 1}


KEYS = [
    *(
        [key]
        for key in ("Escape", "F1", "F2", "F5", "F10", "F11", "F12", "Return", "space", "Tab", "Menu", "BackSpace")
    ),
    *([key] for key in ("q", "Up", "Down", "Print", "Pause", "Super_L")),
    *(["Alt_L", key] for key in ("F4", "Tab", "F2", "space", "Return")),
    *(["Control_L", key] for key in ("c", "e", "q", "w", "p", "z", "Escape")),
    ["Control_L", "Shift_L", "i"],
    ["Control_L", "Alt_L", "Escape"],
]


def step(
    server: Server, action: Callable[[], None], before: Image.Image, after: Image.Image | None = None
) -> Image.Image:
    """Do something, and wait for the picture to be another one; where that is known, for that one."""
    assert server.shows(before)
    action()
    wait(lambda: server.shows(after) if after else not server.shows(before), "another picture")
    return server.picture()
