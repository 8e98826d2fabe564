"""The staff menu beside references kept here. A reference that is missing fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from terminal.kiosk import staff_gallery
from terminal.kiosk.gallery import MOST_PIXELS, difference, differs, shrunk
from terminal.kiosk.staff import LANGUAGES, Page
from terminal.kiosk.staff_gallery import compared, notice_picture, notices, pages, picture, scene_of

Rig = Any

REFERENCES = Path(__file__).parent / "staff_references"
ACCEPT = "look at build/screens after `make screens`; if it is right: make screens ARGS=--accept"


@pytest.mark.parametrize("name", compared())
def test_a_page_looks_like_its_reference(rig: Rig, name: str) -> None:
    size, language, page = compared()[name]
    path = REFERENCES / f"{name}.png"
    assert path.exists(), f"{path} is missing; {ACCEPT}"
    apart = differs(picture(scene_of(size, rig.kiosk.lettering), size, pages(language)[page]), path)
    assert apart <= MOST_PIXELS, f"{path}: {apart:.2%} of the pixels differ; {ACCEPT}"


@pytest.mark.parametrize("name", notices())
def test_what_is_wrong_with_the_file_looks_like_its_reference(rig: Rig, name: str) -> None:
    path = REFERENCES / f"{name}.png"
    assert path.exists(), f"{path} is missing; {ACCEPT}"
    apart = differs(notice_picture(notices()[name], rig.kiosk.lettering), path)
    # A page of text: where a letter lies depends a little on what its font has drawn before.
    assert apart <= 3 * MOST_PIXELS, f"{path}: {apart:.2%} of the pixels differ; {ACCEPT}"


def test_no_reference_is_left_of_a_page_that_is_no_more() -> None:
    assert {path.stem for path in REFERENCES.iterdir()} == {*compared(), *notices()}, ACCEPT
    assert Path(__file__).parents[3] / staff_gallery.REFERENCES == REFERENCES


def test_every_page_and_language_is_in_the_gallery() -> None:
    # The test of touches is a scene of its own, with tests of its own.
    assert {view.page for view in pages("nb").values()} == set(Page) - {Page.TOUCH}
    assert {page for _, _, page in compared().values()} == set(pages("nb"))
    assert {language for _, language, _ in compared().values()} == set(LANGUAGES)


def test_a_key_held_and_a_line_that_is_gone_are_seen(rig: Rig) -> None:
    size, views = (800, 480), pages("nb")
    scene = scene_of(size, rig.kiosk.lettering)
    drawn = {page: shrunk(picture(scene, size, view)) for page, view in views.items()}
    assert difference(drawn["pin"], shrunk(picture(scene, size, views["pin"]))) == 0
    for one in drawn:
        for other in drawn:
            assert one == other or difference(drawn[one], drawn[other]) > MOST_PIXELS, (one, other)


def test_accepting_keeps_what_holds_and_removes_what_is_too_many(rig: Rig, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "more.png")
    name = next(iter(compared()))
    (tmp_path / f"{name}.png").write_bytes((REFERENCES / f"{name}.png").read_bytes())
    staff_gallery.accept(tmp_path, rig.kiosk.lettering)
    assert {path.stem for path in tmp_path.iterdir()} == {*compared(), *notices()}
    assert (tmp_path / f"{name}.png").read_bytes() == (REFERENCES / f"{name}.png").read_bytes()
