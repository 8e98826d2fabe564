"""What is wrong with `fjes.toml`, as the screen says it. Knows no window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong, in English, with which file, and in which line of it, where that can be told.

    `on_card`: it is the file on the card's FAT partition, which is read at the start only, and has a report beside it.
    """

    file: str
    problem: str
    line: int | None = None
    on_card: bool = False
