"""The order of a line in which scripts of both directions meet, such as a Norwegian name in an Arabic question.

A part of Unicode's bidirectional algorithm (UAX 9) that does for single lines without control characters: one level of
embedding. HarfBuzz orders the letters inside a run, and mirrors its brackets. Knows no window and no font.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line that is written in one direction; its letters are in the order in which they are read."""

    text: str
    leftward: bool


def runs(text: str) -> list[Run]:
    """The pieces of a line from left to right, as they are seen."""
    kinds = [_kind(letter) for letter in text]
    base = next((kind for kind in kinds if kind in "LR"), "L")
    if "R" not in kinds:
        return [Run(text, False)]
    _settle_numbers(kinds)
    _settle_brackets(kinds, text, base)
    _settle_neutrals(kinds, base)
    pieces, start = [], 0
    for leftward, group in groupby(kind == "R" for kind in kinds):
        end = start + len(list(group))
        pieces.append(Run(text[start:end], leftward))
        start = end
    return pieces[::-1] if base == "R" else pieces


def _kind(letter: str) -> str:
    """L and R are letters, E a digit, S what may stand in or at a number, M a mark on the letter before, N the rest."""
    kinds = {"L": "L", "R": "R", "AL": "R", "EN": "E", "AN": "E", "CS": "S", "ES": "S", "ET": "S", "NSM": "M"}
    return kinds.get(unicodedata.bidirectional(letter), "N")


def _settle_numbers(kinds: list[str]) -> None:
    """Marks follow their letter (W1), signs in and at numbers their digits (W4, W5), numbers a Latin word (W7)."""
    strong = "N"
    for at, kind in enumerate(kinds):
        before = kinds[at - 1] if at else "N"
        after = kinds[at + 1] if at + 1 < len(kinds) else "N"
        if kind == "M":
            kinds[at] = before
        elif kind == "S":
            # 10:30 and 1,5 hold together; so do 5 % and 50 kr, but for a space.
            kinds[at] = before if before == "E" == after else "N"
        if kinds[at] in "LR":
            strong = kinds[at]
        elif kinds[at] == "E" and strong == "L":
            kinds[at] = "L"


def _settle_brackets(kinds: list[str], text: str, base: str) -> None:
    """A pair of brackets goes with the line, unless neither what is in it nor what is before it does (N0)."""
    opened: list[int] = []
    for end, letter in enumerate(text):
        if letter == "(":
            opened.append(end)
        elif letter == ")" and opened:
            start = opened.pop()
            inside = {kind.replace("E", "R") for kind in kinds[start + 1 : end]} & {"L", "R"}
            before = next((kind for kind in reversed(kinds[:start]) if kind in "LR"), base)
            if inside:
                kinds[start] = kinds[end] = base if base in inside else before


def _settle_neutrals(kinds: list[str], base: str) -> None:
    """What stands between letters of one direction goes with them, else with the line (N1, N2); a number is as R."""
    at = 0
    for kind, group in groupby(kinds[:]):
        end = at + len(list(group))
        if kind == "N":
            left = kinds[at - 1].replace("E", "R") if at else base
            right = kinds[end].replace("E", "R") if end < len(kinds) else base
            kinds[at:end] = [left if left == right else base] * (end - at)
        at = end
