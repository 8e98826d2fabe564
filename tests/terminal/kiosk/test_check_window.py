"""`fjes hardware check` as a process on a real X server: what it says is on the screen, and is answered there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from ratings.scale import Score
from terminal.kiosk import theme
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server

LEDS = "[buttons]\nfactory = 'mock'\nvery_unhappy_led = 5\nunhappy_led = 6\nhappy_led = 13\nvery_happy_led = 19\n"
CHECK = """
import sys
from fjes.cli import main

sys.argv[1:3] = ["hardware", "check", *{options!r}]
main()
"""


def check(*options: str) -> tuple[str, str]:
    return "-c", CHECK.format(options=list(options))


def test_a_question_is_answered_by_touching_the_tick_or_the_bar(server: Server, place: Callable[[str], Place]) -> None:
    here = place(LEDS)
    others = [word for part in ("buttons", "sound", "screen", "clock", "temperature") for word in ("--without", part)]
    test = here.start("check", *check(*others, "--seconds", "60"))
    assert test.stdout is not None
    width, height = server.size
    yes, no = (round(width * 0.3), round(height * 0.78)), (round(width * 0.7), round(height * 0.78))
    said: list[str] = []

    def asks() -> bool:
        # Beside the tick, on its disc; and on the bar's.
        seen = server.picture()
        return (
            seen.getpixel((yes[0], yes[1] - 45)) == theme.INK.rgb
            and seen.getpixel((no[0], no[1] - 45)) == theme.SOFT_INK.rgb
        )

    try:
        for answer in (yes, no, yes, yes):
            while not said or "is lit" not in said[-1]:
                said.append(test.stdout.readline())
                assert said[-1], (said, test.poll(), test.stderr and test.stderr.read())
            wait(asks, "the question on the screen")
            server.click(*answer)
            said.append(test.stdout.readline())
        # Not `communicate`: it does not know of what was read ahead with a line.
        rest = test.stdout.read()
        test.wait(LIMIT)
    finally:
        test.kill()
        _, trouble = test.communicate()
    findings = [line[:4] for line in said if "LED of the" in line]
    assert findings == ["pass", "FAIL", "pass", "pass"]
    assert "Something failed" in rest
    assert trouble == ""
    assert test.returncode == 1
    assert here.files() == []
    assert list(here.store.iterdir()) == []


def test_the_face_of_the_button_that_is_to_be_pressed_is_on_the_screen(
    server: Server, place: Callable[[str], Place]
) -> None:
    test = place("[buttons]\nfactory = 'mock'\n").start("check", *check("--without", "sound", "--seconds", "2"))
    shown: list[Score] = []

    def looks(score: Score) -> bool:
        return theme.SKINS[score].fill.rgb in colours(server.picture())

    try:
        for score in sorted(Score, reverse=True):
            wait(partial(looks, score), f"the {score.name} face")
            shown.append(score)
    finally:
        said, _ = test.communicate(timeout=LIMIT)
    assert all(one > other for one, other in pairwise(shown))
    assert said.count("nothing came within 2 s") == 4
    assert test.returncode == 1
