"""Lines in which both directions meet, as they are seen. In the tests capitals stand for Arabic letters."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.kiosk.bidi import Run, runs

ARABIC = {chr(ord("A") + number): chr(0x0627 + number) for number in range(20)}
CAPITALS = {letter: capital for capital, letter in ARABIC.items()}
MIRRORED = str.maketrans("()", ")(")


def seen(text: str) -> str:
    """What stands on the line from left to right; HarfBuzz mirrors brackets in the same way."""
    arabic = "".join(ARABIC.get(letter, letter) for letter in text)
    parts = [run.text[::-1].translate(MIRRORED) if run.leftward else run.text for run in runs(arabic)]
    return "".join(CAPITALS.get(letter, letter) for letter in "".join(parts))


@pytest.mark.parametrize(
    ("read", "shown"),
    [
        ("hei (du) 12?", "hei (du) 12?"),
        ("AB CD?", "?DC BA"),
        ("AB pro sentret CD?", "?DC pro sentret BA"),
        ("AB pro-sentret 2, CD", "DC ,pro-sentret 2 BA"),
        ("AB huset (avd. 12) CD", "DC huset (avd. 12) BA"),
        ("AB (CD) E", "E (DC) BA"),
        ("AB (pro) CD", "DC (pro) BA"),
        ("AB 12 CD 34", "34 DC 12 BA"),
        ("AB 10:30 CD 1,5", "1,5 DC 10:30 BA"),
        ("pro AB sentret", "pro BA sentret"),
        ("AB\u064d C", "C \u064dBA"),
        ("12 ?!", "12 ?!"),
        ("", ""),
    ],
)
def test_a_line_is_seen_in_the_order_that_unicode_lays_down(read: str, shown: str) -> None:
    assert seen(read) == shown


@given(st.text("ab AB12,.%-\u064d", max_size=30))
def test_no_letter_is_lost_and_neighbours_differ_in_direction(text: str) -> None:
    found = runs("".join(ARABIC.get(letter, letter) for letter in text))
    assert sorted(seen(text)) == sorted(text)
    assert all(one.leftward != other.leftward for one, other in pairwise(found))


def test_a_text_without_arabic_is_one_run() -> None:
    assert runs("Hvor fornøyd?") == [Run("Hvor fornøyd?", False)]
