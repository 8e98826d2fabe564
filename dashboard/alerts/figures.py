"""Alerts about figures: of closed months and pieces of the trend that were published, never of running counts.

Everything comes from `disclosure.py` as the pages get it: an alert says nothing that is not on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from dashboard import disclosure, statistics
from dashboard.alerts.stored import Found, Kind
from dashboard.pages.asking import back, last_closed_month
from dashboard.places import Site
from ratings.period import Period
from ratings.scale import Counts, Score, add

FRESH = timedelta(days=45)
"""What ended longer ago is no news: years that are imported raise nothing."""
BEFORE = 8
"""So many pieces of the trend before a piece are what it is compared with."""
MONTHS = 13
Z = 2.5758293035489004
"""The 99.5 % point of the standard normal distribution: two-sided 99 %, since alerts look often."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days of which counts are shown, and what they are compared with."""

    days: Period
    counts: Counts
    before: tuple[Period, Counts] | None


def found(
    connection: Connection, site: Site, question: str, today: date, threshold: int, level: int
) -> Iterator[Found]:
    """What there is to tell of a site's answers to a question. `level`: in percent, 0: never."""
    last = last_closed_month(today)
    asked = Period(back(last, MONTHS - 1).first, last.last)
    for each in _stretches(connection, site, question, asked, today, threshold):
        key = f"site-{site.id}/{question}/{each.days.first}/{each.days.last}"
        about = {"first": each.days.first.isoformat(), "last": each.days.last.isoformat(), "n": sum(each.counts)}
        yield from _above(each, site, f"{Kind.LEVEL}/{key}", about, level)
        yield from _fallen(each, site, f"{Kind.FALL}/{key}", about)
    for told in disclosure.repeats(connection, site, question, asked, threshold).get(site.id, ()):
        # Fewer than the threshold is what happens anywhere.
        if told.days.last >= today - FRESH and told.repeats and told.repeats.low >= threshold:
            days, band = told.days, told.repeats
            yield Found(
                f"{Kind.POUNDING}/site-{site.id}/{question}/{days.first}/{days.last}",
                Kind.POUNDING,
                site.id,
                None,
                {
                    "first": days.first.isoformat(),
                    "last": days.last.isoformat(),
                    "low": band.low,
                    "high": band.high,
                },
            )


def _stretches(
    connection: Connection, site: Site, question: str, asked: Period, today: date, threshold: int
) -> Iterator[_Stretch]:
    """Blocks and pieces that ended lately; days that are both are one."""
    months = [
        (each.days, each.counts) for each in disclosure.blocks(connection, site, question, asked, threshold).blocks
    ]
    running = Period(asked.first, max(asked.last, today))
    pieces = [(each.days, each.counts) for each in disclosure.trend(connection, site, question, running, threshold)]
    known = {days for days, _ in months}
    for number, (days, counts) in enumerate(months):
        if days.last >= today - FRESH:
            yield _Stretch(days, counts, months[number - 1] if number else None)
    for number, (days, counts) in enumerate(pieces):
        if days.last >= today - FRESH and days not in known:
            yield _Stretch(days, counts, _together(pieces[max(0, number - BEFORE) : number]))


def _together(pieces: Sequence[tuple[Period, Counts]]) -> tuple[Period, Counts] | None:
    if not pieces:
        return None
    days = Period(pieces[0][0].first, pieces[-1][0].last)
    return days, add(*(counts for _, counts in pieces))


def _above(each: _Stretch, site: Site, key: str, about: dict[str, object], level: int) -> Iterator[Found]:
    n, bad = sum(each.counts), each.counts[Score.VERY_UNHAPPY] + each.counts[Score.UNHAPPY]
    if level and 100 * bad > level * n:
        yield Found(key, Kind.LEVEL, site.id, None, {**about, "k": bad, "level": level})


def _fallen(each: _Stretch, site: Site, key: str, about: dict[str, object]) -> Iterator[Found]:
    if each.before is None:
        return
    days, before = each.before
    (now_k, now_n), (then_k, then_n) = _satisfied(each.counts), _satisfied(before)
    _, high = statistics.difference(now_k, now_n, then_k, then_n, Z)
    if high < 0:
        then = {"then_first": days.first.isoformat(), "then_last": days.last.isoformat(), "then_k": then_k}
        yield Found(key, Kind.FALL, site.id, None, {**about, "k": now_k, **then, "then_n": then_n})


def _satisfied(counts: Counts) -> tuple[int, int]:
    return counts[Score.HAPPY] + counts[Score.VERY_HAPPY], sum(counts)
