"""Reads separated values (CSV) whose separator nobody named, and goes on behind a damaged line.

Strict about quotes and the number of fields. Knows nothing of ratings; keeps nothing of what it reads.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LINES = 50
"""A quoted field that runs over more lines than this was never closed."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Stands for a line that cannot be divided into fields."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A file whose first line names columns. `most` is the largest number of rows there can be."""

    lines: list[str]
    head: int  # Where in `lines` the names are.
    separator: str
    names: list[str]
    missing: list[str]
    twice: list[str]

    @property
    def most(self) -> int:
        """How many lines follow the names."""
        return len(self.lines) - self.head - 1

    def records(self) -> Iterator[tuple[int, dict[str, str] | Damaged]]:
        """Each row with its line number (the first line is 1): from column to text. Empty lines are passed over."""
        at, width = self.head + 1, len(self.names)
        while at < len(self.lines):
            line, number = self.lines[at], at + 1
            at += 1
            if not line.strip():
                continue
            if '"' in line:
                fields, taken = _quoted(self.lines, at - 1, self.separator, width)
                at += taken - 1
            else:
                fields = line.split(self.separator)
            if fields is None:
                yield number, Damaged("its quotes are not closed, or not where a field begins and ends")
            elif len(fields) != width:
                yield number, Damaged(f"has {len(fields)} fields, the first line has {width}")
            else:
                yield number, dict(zip(self.names, fields, strict=True))


def read(text: str, needed: Sequence[str]) -> Rows | None:
    """Divide a text into rows. The separator is the character that makes the `needed` names out of the first line.

    Where no character makes them all, the one that makes the most. None where none makes two of them.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = next((at for at, line in enumerate(lines) if line.strip()), 0)
    best: tuple[int, str, list[str]] = (0, "", [])
    for separator in sorted(set(lines[head]) - {'"'}):
        fields, _ = _quoted(lines[head : head + 1], 0, separator, None)
        if fields is not None and (found := len(set(needed) & set(fields))) > best[0]:
            best = (found, separator, fields)
    found, separator, names = best
    if found < 2:
        return None
    missing = [name for name in needed if name not in names]
    return Rows(lines, head, separator, names, missing, [name for name in needed if names.count(name) > 1])


def _quoted(lines: Sequence[str], at: int, separator: str, width: int | None) -> tuple[list[str] | None, int]:
    """The fields of the row that begins at a line, and how many lines it takes; None (and one line) if damaged."""
    for taken in range(1, min(MOST_LINES, len(lines) - at) + 1):
        whole = "\n".join(itertools.islice(lines, at, at + taken))
        try:
            rows = list(csv.reader([whole], delimiter=separator, strict=True))
        except csv.Error:
            continue
        if len(rows) == 1 and (taken == 1 or len(rows[0]) == width):
            return rows[0], taken
        break
    return None, 1
