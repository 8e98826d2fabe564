"""Somebody who has all that one terminal ever released, and calculates: what follows from it, by subtraction?

Knows what is written in `docs/privacy.md` and no code of ours: neither how is pooled, nor how periods are reckoned.
The unknowns are how many ratings there were of each key in each month, and on each day; a released number is the sum of
some of them. A count *follows* when it is a combination of released numbers (linear algebra, exact: modulo a prime).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

PRIME = 2**61 - 1

Unknown = tuple[str, ...]
Fact = tuple[frozenset[Unknown], int]


@dataclass(frozen=True)
class Release:
    """One released table: how many ratings each key has; of the scores nothing is needed here."""

    question: str
    slice: str
    period: str
    keys: dict[str, int]


def read(raw: bytes) -> Release:
    """A table as it goes over the wire."""
    question, slice_, period, keys = json.loads(raw)
    return Release(question, slice_, period, {key: sum(counts) for key, counts in keys.items()})


def days_of(period: str) -> list[date]:
    """All days of a period: a month, a quarter, a year, or from one day to another."""
    if "/" in period:
        first, last = (date.fromisoformat(part) for part in period.split("/"))
    else:
        year, _, part = period.partition("-")
        months = 12 if not part else 3 if part[0] == "Q" else 1
        begin = 1 if not part else 3 * int(part[1]) - 2 if part[0] == "Q" else int(part)
        first = date(int(year), begin, 1)
        last = date(int(year) + (begin + months - 1) // 12, (begin + months - 1) % 12 + 1, 1) - timedelta(days=1)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def months_of(period: str) -> set[str]:
    """All months of a period."""
    return {f"{day:%Y-%m}" for day in days_of(period)}


def hours_of(key: str) -> Iterator[str]:
    """The single hours of a pooled key: `1/3-9/12` is Monday to Wednesday, nine to twelve."""
    days, _, hours = key.partition("-")
    if not hours:
        return
    first, _, last = days.partition("/")
    begin, _, end = hours.partition("/")
    for day in range(int(first), int(last or first) + 1):
        for hour in range(int(begin), int(end or int(begin) + 1)):
            yield f"{day}-{hour}"


class Attacker:
    """Knows the releases of one epoch and question, and which keys there may be in each slice."""

    def __init__(self, releases: Iterable[Release], keys: Mapping[str, Sequence[str]]) -> None:
        self.keys = keys
        self.facts: list[Fact] = []
        self._releases = list(releases)
        told, spoken_of = set[str](), set[str]()
        for each in self._releases:
            self._learn(each)
            months = months_of(each.period)
            spoken_of |= months
            told |= months if each.slice == "total" else set()
        # Of a month that was asked another question nothing is told: there is nothing.
        for month in spoken_of - told:
            self._learn(Release("", "total", month, {}))
        # Counts are not negative: where a sum is nothing, all of it is.
        self._nothing = {unknown for unknowns, number in self.facts if number == 0 for unknown in unknowns}
        self._rows = _eliminated([(unknowns - self._nothing, number) for unknowns, number in self.facts])

    def follows(self, wanted: frozenset[Unknown]) -> int | None:
        """How many ratings some unknowns have together; None where it does not follow."""
        row: dict[Unknown, int] = dict.fromkeys(wanted - self._nothing, 1)
        value = 0
        for pivot, other, number in self._rows:
            if factor := row.get(pivot, 0):
                _subtract(row, other, factor)
                value = (value + factor * number) % PRIME
        return None if row else (value if value < PRIME // 2 else value - PRIME)

    def covers(self, release: Release) -> set[str]:
        """The months that are in a table: where settings were changed, those before are in shorter ones."""
        same = [each for each in self._releases if (each.slice, each.question) == (release.slice, release.question)]
        whole = months_of(release.period)
        return whole.difference(*(months_of(each.period) for each in same if months_of(each.period) < whole))

    def of_key(self, slice_: str, months: Iterable[str], key: str) -> frozenset[Unknown]:
        """A key in some months."""
        return frozenset((slice_, month, key) for month in months)

    def of_days(self, days: Iterable[date]) -> frozenset[Unknown]:
        """Some days."""
        return frozenset(("day", day.isoformat()) for day in days)

    def _learn(self, release: Release) -> None:
        months = self.covers(release)
        if release.slice == "total":
            # A month's ratings are those of its days, and those of its keys, in each slice.
            n = release.keys.get("counted", 0)
            self.facts.append((self.of_days(days_of(release.period)), n))
            for slice_, keys in self.keys.items():
                whole: set[Unknown] = set()
                for key in keys:
                    whole |= self.of_key(slice_, months, key)
                self.facts.append((frozenset(whole), n))
        elif release.slice == "trend":
            self.facts.append((self.of_days(days_of(release.period)), release.keys["counted"]))
        else:
            left = set(self.keys[release.slice])
            for key, n in release.keys.items():
                inside = {key} if release.slice != "hour" or "-" not in key else set(hours_of(key))
                if key != "other":
                    left -= inside
                    self.facts.append((self._of(release.slice, months, inside), n))
            # What is not shown by itself is in `other`, or nobody chose it: a careful attacker knows that.
            self.facts.append((self._of(release.slice, months, left), release.keys.get("other", 0)))

    def _of(self, slice_: str, months: set[str], keys: set[str]) -> frozenset[Unknown]:
        return frozenset((slice_, month, key) for month in months for key in keys)


def _eliminated(facts: Iterable[Fact]) -> list[tuple[Unknown, dict[Unknown, int], int]]:
    """The facts in a form in which each has an unknown of its own, its pivot, with the factor 1."""
    rows: list[tuple[Unknown, dict[Unknown, int], int]] = []
    for unknowns, number in facts:
        row, value = dict.fromkeys(unknowns, 1), number
        for pivot, other, known in rows:
            if factor := row.get(pivot, 0):
                _subtract(row, other, factor)
                value = (value - factor * known) % PRIME
        if row:
            pivot = min(row)
            inverse = pow(row[pivot], -1, PRIME)
            rows.append(
                (pivot, {each: factor * inverse % PRIME for each, factor in row.items()}, value * inverse % PRIME)
            )
        else:
            assert value == 0, "the releases contradict each other"
    return rows


def _subtract(row: dict[Unknown, int], other: dict[Unknown, int], factor: int) -> None:
    for unknown, theirs in other.items():
        left = (row.get(unknown, 0) - factor * theirs) % PRIME
        if left:
            row[unknown] = left
        else:
            row.pop(unknown, None)
