"""The drawn faces: of exact size, told apart without colour, alike in everything else."""

from __future__ import annotations

from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageStat

from ratings.scale import Score
from terminal.kiosk import faces, theme


@pytest.mark.parametrize("diameter", [97, 170, 413])
@pytest.mark.parametrize("held", [False, True])
def test_a_face_has_exactly_the_size_asked_for(diameter: int, held: bool) -> None:
    picture = faces.face(Score.HAPPY, diameter, held=held)
    side = diameter + 2 * faces.padding(diameter)
    assert picture.size == (side, side)
    solid = picture.getchannel("A").point([0] * 200 + [255] * 56).getbbox()
    assert solid is not None
    left, top, right, bottom = solid
    assert diameter * 0.94 <= right - left <= diameter
    assert bottom - top <= diameter + 1


def test_all_faces_have_the_same_outline_and_shadow() -> None:
    for held in (False, True):
        outlines = [faces.face(score, 170, held=held).getchannel("A") for score in Score]
        assert all(outline.tobytes() == outlines[0].tobytes() for outline in outlines)


def test_faces_are_told_apart_without_any_colour() -> None:
    features = {score: _features(score) for score in Score}
    for one, other in combinations(Score, 2):
        difference = ImageStat.Stat(ImageChops.difference(features[one], features[other])).mean[0]
        inked = ImageStat.Stat(features[one]).mean[0]
        assert difference > inked / 3, f"{one!r} and {other!r} look alike"


def _features(score: Score) -> Image.Image:
    """Where the ink is, white on black."""
    face = faces.face(score, 170)
    grey = Image.alpha_composite(Image.new("RGBA", face.size, "white"), face).convert("L")
    return grey.point([255 if level < 60 else 0 for level in range(256)])


def test_signs_and_pills_have_no_face_s_colour() -> None:
    fills = {skin.fill.rgb for skin in theme.SKINS.values()}
    for picture in (faces.tick(60), faces.bar(60), faces.pill(100, 40, theme.PAPER, theme.LINE, 2)):
        colours = {colour for _, colour in picture.convert("RGB").getcolors(10_000) or ()}
        assert not colours & fills
