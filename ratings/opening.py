"""Opening hours as they are written: stretches of a day, days and ranges of days. Knows no clock and no time zone.

A stretch is `10:00-16:00`: from its first minute until just before its last. It stays within its day, `24:00` being the
day's end; hours past midnight are two stretches, one under each weekday. A day is `2026-12-24`, a range
`2026-12-25/2027-01-01`, both ends included.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of `date.weekday`."""

MIDNIGHT = 24 * 60
"""The end of a day, in minutes from its beginning by the clock on the wall."""

STRETCH = r"\A([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z"
DAYS = r"\A20[0-9]{2}-[0-9]{2}-[0-9]{2}(/20[0-9]{2}-[0-9]{2}-[0-9]{2})?\Z"


def parse_stretch(text: str) -> tuple[int, int]:
    """First minute and last (exclusive) of a stretch that matches `STRETCH`. Raises ValueError."""
    begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in text.split("-"))
    if end <= begin:
        raise ValueError(
            f"{text!r} does not end after it begins; "
            'allowed: for hours past midnight two stretches, such as "22:00-24:00" and, the day after, "00:00-02:00"'
        )
    return begin, end


def parse_day(texts: list[str]) -> list[tuple[int, int]]:
    """The stretches of one weekday, in order. Raises ValueError where one is wrong, or where two overlap."""
    stretches = sorted((parse_stretch(text), text) for text in texts)
    for (before, earlier), (after, later) in pairwise(stretches):
        if after[0] < before[1]:
            raise ValueError(f"{earlier!r} and {later!r} overlap; allowed: stretches apart from each other")
    return [stretch for stretch, _ in stretches]


def parse_days(text: str) -> tuple[date, date]:
    """First and last day of what matches `DAYS`. Raises ValueError, saying what is wrong."""
    first, _, last = text.partition("/")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(f"{text!r} names a day that does not exist; allowed: days of the calendar") from None
    if days[1] < days[0]:
        raise ValueError(f"{text!r} ends before it begins; allowed: the first day, a slash, the last day")
    return days


def problem(weekdays: list[list[str]] | None, closed: list[str]) -> str | None:
    """What is wrong with the hours of the week (None: always open) and the closed days: the first problem, or None."""
    key = "closed"
    try:
        for text in closed:
            parse_days(text)
        for day, texts in zip(WEEKDAYS, weekdays or [], strict=False):
            key = day
            parse_day(texts)
    except ValueError as error:
        return f"[hours] {key}: {error}"
    if weekdays is not None and not any(weekdays):
        return (
            "[hours]: closed on every weekday; "
            'allowed: hours for at least one, such as monday = ["10:00-16:00"], or none of the weekdays for always open'
        )
    return None
