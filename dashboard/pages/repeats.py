"""Presses set aside as repeats: month by month of a site or a terminal, the latest of each site of several.

Reads through `disclosure.py`, which tells them in bands.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import disclosure
from dashboard.charts.chart import Chart
from dashboard.charts.repeats import SIZES, Bar, Repeats
from dashboard.charts.table import HIDDEN, Cell, Column, Kind, Percent, Row, Table
from dashboard.disclosure import SetAside
from dashboard.pages.asking import Asked
from dashboard.pages.page import Page
from dashboard.pages.ranges import Range, choice, ends, within
from dashboard.places import Area
from dashboard.store import reading
from ratings.period import Grain, Period, periods_between


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows beside its chart."""

    range: Range
    several: bool


def page(asked: Asked) -> Page:
    """The repeats of the months that are asked for."""
    with reading(asked.engine) as connection:
        known = disclosure.months_known(connection, asked.place, asked.question)
        range_ = choice(asked, "repeats", known)
        found = disclosure.repeats(connection, asked.place, asked.question, range_.chosen, asked.threshold)
    is_known = known is not None and known.overlaps(range_.chosen)
    months = within(range_.chosen, known)
    several = isinstance(asked.place, Area)
    if several:
        chart = _of_sites(asked, found, months)
    else:
        chart = _by_month(asked, found[asked.sites[0].id] if found else (), months if is_known else None)
    return Page(
        "repeats.html",
        asked.title,
        Found(range_, several),
        (chart,),
    )


def _by_month(asked: Asked, found: tuple[SetAside, ...], months: Period | None) -> Chart:
    """Block by block, and the months that are in none."""
    say = asked.words
    rows: list[tuple[Period, SetAside | None]] = [(each.days, each) for each in found]
    for month in periods_between(Grain.MONTH, months.first, months.last) if months else ():
        if not any(each.days.overlaps(month) for each in found):
            rows.append((month, None))
    rows.sort(key=lambda each: each[0])
    bars = tuple(Bar(days, told.repeats if told else None) for days, told in rows)
    drawing = Repeats(bars, disclosure.repeat_bands(asked.threshold)) if any(bar.band for bar in bars) else None
    with_share = any(each.share for each in found)
    columns = (
        Column("months", say("Months"), Kind.MONTHS),
        Column("repeats", say("Set aside"), Kind.RANGE),
        Column("share", say("Of all presses"), Kind.RANGE),
        Column("ratings", say("Counted")),
    )
    table = Table(columns, tuple(Row((days, *_cells(told, with_share=with_share))) for days, told in rows[::-1]))
    base = sum(each.n for each in found if each.repeats) or None
    return Chart("repeats", say("Set aside as repeats"), drawing, table, SIZES, months, base, _note(asked))


def _cells(told: SetAside | None, *, with_share: bool) -> tuple[Cell, Cell, Cell]:
    """The number set aside, its share of all presses (nothing where that is told of none), and the number counted."""
    share: Cell = _share(told) if with_share else None
    return (HIDDEN, share, HIDDEN) if told is None else (told.repeats or HIDDEN, share, told.n)


def _share(told: SetAside | None) -> Cell:
    if told and told.repeats and told.repeats.high == 0:
        return Percent(0.0)
    return told.share if told and told.share else HIDDEN


def _of_sites(asked: Asked, found: dict[int, tuple[SetAside, ...]], months: Period) -> Chart:
    """The latest block of each site, by name."""
    say = asked.words
    rows: list[Row] = []
    with_share = any(each.share for some in found.values() for each in some[-1:])
    for site in asked.sites:
        link = asked.link("repeats", site, **ends(asked))
        latest = next(iter(found.get(site.id, ())[::-1]), None)
        cells = *_cells(latest, with_share=with_share), latest.days if latest else HIDDEN
        rows.append(Row((site.name, *cells), link))
    columns = (
        Column("site", say("Place")),
        Column("repeats", say("Set aside"), Kind.RANGE),
        Column("share", say("Of all presses"), Kind.RANGE),
        Column("ratings", say("Counted")),
        Column("months", say("Months"), Kind.MONTHS),
    )
    table = Table(columns, tuple(rows))
    return Chart("latest", say("Set aside as repeats"), None, table, SIZES, months, note=_note(asked))


def _note(asked: Asked) -> str:
    return asked.words(
        "Told in steps, and only for months with at least %(n)s counted ratings: beside fewer, it could say something "
        "of who pressed.",
        n=asked.words.number(disclosure.REPEATS_BESIDE * asked.threshold),
    )
