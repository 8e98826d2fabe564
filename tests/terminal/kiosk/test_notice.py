"""The screen that says what is wrong with `fjes.toml`: nothing leaves its box, and it ends when the file changes."""

from __future__ import annotations

import itertools
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from PIL import ImageChops

from fjes import notice
from fjes.provision.work import PROBLEM, Problem
from ratings.config import Kiosk
from terminal.kiosk import gallery, theme
from terminal.kiosk.notice import Notice
from tests.terminal.kiosk.test_gallery import overflow
from tests.terminal.kiosk.xserver import LIMIT, Place, Server, colours, wait
from tests.terminal.kiosk.xserver import place as place
from tests.terminal.kiosk.xserver import server as server

if TYPE_CHECKING:
    from tests.terminal.kiosk.conftest import Rig

NOTICES = (
    Notice("fjes.toml", "[terminal] id: 'Stua' is not allowed; allowed: a–z, 0–9 and hyphens, at most 64", 12, True),
    Notice("fjes.toml", f"the file: unknown key '{'x' * 300}'; allowed: {', '.join(map(str, range(400)))}", 1000),
    Notice("a" * 120 + ".toml", "\x00\n\t\u202e [kiosk] \U0001f600"),
    Notice("fjes.toml", "", 1),
)


@pytest.mark.parametrize("size", gallery.SIZES)
@pytest.mark.parametrize("wrong", NOTICES, ids=["short", "long", "strange", "empty"])
def test_no_text_leaves_its_box_or_lies_on_another(rig: Rig, size: tuple[int, int], wrong: Notice) -> None:
    from terminal.kiosk.staff_notice import SMALLEST, NoticeScene

    scene = NoticeScene(*size, rig.kiosk.lettering, wrong)
    texts = scene.texts()
    for text in texts:
        if any(text.block.lines):
            overflow(text, rig.kiosk.lettering)
        assert text.box.x >= 0
        assert text.box.right <= size[0]
        assert text.box.bottom <= size[1]
        assert text.block.size >= SMALLEST * 0.6
    for one, other in itertools.combinations(texts, 2):
        assert not one.box.overlaps(other.box), (one.block.lines, other.block.lines)
    said = " ".join(line for text in texts for line in text.block.lines)
    assert "Denne terminalen er ikke klar." in said
    assert "This terminal is not ready." in said


def test_a_short_one_is_said_whole_in_both_languages(rig: Rig) -> None:
    from terminal.kiosk.staff_notice import NoticeScene

    texts = NoticeScene(800, 480, rig.kiosk.lettering, NOTICES[0]).texts()
    said = " ".join(line for text in texts for line in text.block.lines)
    assert NOTICES[0].problem in said
    assert "fjes.toml, linje 12 / line 12" in said
    assert "Rett den på kortet" in said
    assert "Correct it on the card" in said


def ends(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        told = process.communicate(timeout=LIMIT)[1]
    finally:
        process.kill()
    return process.returncode, told


def test_the_kiosk_shows_a_mistake_until_it_is_corrected_and_counts_nothing(
    server: Server, place: Callable[[str], Place]
) -> None:
    here = place("")
    right = here.config.read_text("utf-8")
    here.config.write_text(right.replace("[kiosk]", "[kiosk]\nbest_face = 'up'"), "utf-8")
    kiosk = here.start("kiosk")
    try:
        wait(lambda: kiosk.poll() is not None or theme.PAPER.rgb in colours(server.picture()), "the page")
        page = server.picture()
        server.click(400, 300)
        assert kiosk.poll() is None
        here.config.write_text(right, "utf-8")
    except BaseException:
        kiosk.kill()
        raise
    code, told = ends(kiosk)
    assert code == 0
    assert "line 8: [kiosk] best_face: Invalid enum value 'up'" in told
    assert theme.SOFT_INK.rgb in colours(page)
    assert here.files() == []
    assert list(here.store.iterdir()) == []


def test_on_the_image_it_says_what_is_wrong_with_the_file_on_the_card(
    server: Server, place: Callable[[str], Place]
) -> None:
    here = place("")
    here.config.unlink()
    pictures = []
    for line in (7, 8):
        problem = Problem("fjes.toml", "[terminal] id: not allowed", line, Kiosk(rotation=180 if line == 8 else 0))
        (here.config.parent / PROBLEM).write_bytes(msgspec.json.encode(problem))
        kiosk = here.start("kiosk")
        try:
            wait(lambda: theme.PAPER.rgb in colours(server.picture()), "the page")
            pictures.append(server.picture())
        finally:
            kiosk.send_signal(signal.SIGTERM)
            code, _ = ends(kiosk)
        assert code == 0
    # Turned as the file says, though there is a mistake in it: the sign is at the other corner.
    sign = (76, 70)
    assert pictures[0].getpixel(sign) != theme.BACKGROUND.rgb
    assert pictures[1].getpixel(sign) == theme.BACKGROUND.rgb
    assert pictures[1].getpixel((799 - sign[0], 479 - sign[1])) != theme.BACKGROUND.rgb
    assert ImageChops.difference(pictures[0], pictures[1]).getbbox() is not None


def test_without_a_screen_the_command_says_it(tmp_path: Path) -> None:
    import os
    import sys

    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    (tmp_path / "fjes.toml").write_text("[kiosk]\nbest_face = 'up'\n")
    command = [sys.executable, "-m", "fjes", "terminal", "kiosk", "--config", str(tmp_path / "fjes.toml")]
    ran = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Error: {tmp_path}/fjes.toml, line 2: [kiosk] best_face: ")


def test_what_provisioning_has_found_is_told_to_the_staff_menu(tmp_path: Path) -> None:
    path = tmp_path / "fjes.toml"
    assert notice.mistake(path) is None
    (tmp_path / PROBLEM).write_bytes(msgspec.json.encode(Problem("fjes.toml", "what is wrong", 7)))
    assert notice.mistake(path) == ("fjes.toml", 7)
    (tmp_path / PROBLEM).write_bytes(b"{")
    assert notice.mistake(path) is None
