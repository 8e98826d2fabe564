"""Lines are broken where the language allows, evenly, and fit their box. The ruler here: half an em a letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.kiosk.lines import MARK, fit, is_thai, shown


def ruler(text: str, size: int) -> float:
    return len(text) * size / 2


def broken(text: str, width: float, lines: int) -> tuple[str, ...]:
    return fit(text, ruler, width, 1000, largest=40, lines=lines).lines


def test_a_text_that_fits_stays_on_one_line() -> None:
    assert broken("Hvor fornøyd?", 400, 3) == ("Hvor fornøyd?",)


def test_lines_are_about_equally_long() -> None:
    assert broken("one two three four five six", 300, 2) == ("one two three", "four five six")


def test_thai_breaks_between_phrases_only() -> None:
    text = MARK.join(["วันนี้", "คุณพอใจ", "กับการมาใช้บริการ", "มากแค่ไหน"])
    for count in (2, 3, 4):
        lines = broken(text, 20, count)
        assert "".join(lines) == shown(text)
        assert all(any(line.startswith(part) for part in text.split(MARK)) for line in lines)


def test_a_space_beside_a_mark_is_kept_inside_a_line_and_dropped_at_its_end() -> None:
    text = f"ที่ Pro {MARK}มาก"
    assert broken(text, 1000, 2) == ("ที่ Pro มาก",)
    assert broken(text, 140, 2) == ("ที่ Pro", "มาก")


def test_a_no_break_space_is_never_broken_and_looks_like_a_space() -> None:
    assert broken("aa på\N{NO-BREAK SPACE}Pro\N{NO-BREAK SPACE}Sentret", 100, 3) == ("aa", "på Pro Sentret")


def test_scripts_are_told_apart() -> None:
    assert is_thai("ไทย")
    assert not is_thai("Български ș ț")


@pytest.mark.parametrize("text", ["Ag", "one two three four five six seven", "ขอบคุณ"])
def test_a_block_stays_within_its_box_from_highest_to_lowest_stroke(text: str) -> None:
    block = fit(text, ruler, 300, 90, largest=60, lines=2)
    baselines = block.baselines(100, 90)
    assert baselines[0] - block.metrics.ascent * block.size >= 100 - 0.01
    assert baselines[-1] + block.metrics.descent * block.size <= 190 + 0.01


words = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=14)


@given(words, st.integers(150, 900), st.integers(60, 300), st.integers(1, 4))
def test_no_word_is_lost_and_what_is_set_fits(words: list[str], width: int, height: int, lines: int) -> None:
    text = " ".join(words)
    block = fit(text, ruler, width, height, largest=60, lines=lines, smallest=1)
    assert " ".join(block.lines) == text
    assert len(block.lines) <= lines
    assert block.size == 1 or max(ruler(line, block.size) for line in block.lines) <= width
    assert block.size == 1 or block.height <= height
