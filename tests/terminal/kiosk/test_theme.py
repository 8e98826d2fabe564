"""Everything stands out enough: contrasts computed from the theme (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import pytest

from ratings.scale import Score
from terminal.kiosk import theme
from terminal.kiosk.theme import Colour, contrast

TEXTS = {
    "question": (theme.INK, theme.BACKGROUND),
    "caption": (theme.SOFT_INK, theme.BACKGROUND),
    "language": (theme.INK, theme.PAPER),
    "language held": (theme.INK, theme.HELD_PAPER),
    "language in use": (theme.PAPER, theme.INK),
    "what was said": (theme.INK, theme.BAND),
    "its heading": (theme.SOFT_INK, theme.BAND),
    "loudspeaker": (theme.INK, theme.PAPER),
    "loudspeaker held": (theme.INK, theme.HELD_PAPER),
    "loudspeaker that speaks": (theme.PAPER, theme.INK),
    "tick": (theme.PAPER, theme.INK),
    "bar": (theme.PAPER, theme.SOFT_INK),
}


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast(Colour.read("#000000"), Colour.read("#ffffff")) == pytest.approx(21)
    assert contrast(Colour.read("#777777"), Colour.read("#ffffff")) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_readable(name: str) -> None:
    assert contrast(*TEXTS[name]) >= 4.5


@pytest.mark.parametrize("score", Score)
def test_features_stand_out_from_the_face_also_when_it_is_held(score: Score) -> None:
    skin = theme.SKINS[score]
    assert contrast(theme.INK, skin.fill) >= 4.5
    assert contrast(theme.INK, skin.held) >= 4.5


@pytest.mark.parametrize("score", Score)
def test_a_face_stands_out_from_the_background(score: Score) -> None:
    assert contrast(theme.SKINS[score].edge, theme.BACKGROUND) >= 3


@pytest.mark.parametrize("score", Score)
def test_the_ring_of_a_face_that_is_named_stands_out_from_what_it_parts(score: Score) -> None:
    for beside in (theme.BACKGROUND, theme.PAPER):
        assert contrast(theme.INK, beside) >= 3
    assert contrast(theme.SKINS[score].edge, theme.PAPER) >= 3


def test_a_language_button_stands_out_from_the_background_and_the_paper() -> None:
    assert contrast(theme.LINE, theme.BACKGROUND) >= 3
    assert contrast(theme.LINE, theme.PAPER) >= 3


def test_held_faces_all_change_about_as_much() -> None:
    changes = [contrast(skin.fill, skin.held) for skin in theme.SKINS.values()]
    assert min(changes) > 1.1
    assert max(changes) - min(changes) < 0.2
