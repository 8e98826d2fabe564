"""The pages by language, by hour and by reason: one table of a range of months, what stands out in it, and its periods.

What may be shown comes through `disclosure.py`, told in bands; what stands out, from `comparing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from dashboard import disclosure
from dashboard.charts.bars import Bar, Bars
from dashboard.charts.chart import Chart
from dashboard.charts.heat import LIMITS, HeatMap
from dashboard.charts.heat import Cell as HeatCell
from dashboard.charts.table import Cell, Column, Kind, Named, Row, Table, share_cells
from dashboard.comparing import Compared, compare, least
from dashboard.disclosure import Part, Split, Splits
from dashboard.language import Words
from dashboard.pages import keys
from dashboard.pages.asking import Asked, back
from dashboard.pages.findings import Finding, SliceWords, finding, n_text, share_of, share_text
from dashboard.pages.page import Page
from dashboard.pages.ranges import Range, choice
from dashboard.places import Area, Place, Site, Terminal
from dashboard.statistics import Share
from dashboard.store import reading
from ratings.period import Grain, Period, period_of
from ratings.scale import Counts
from ratings.table import OTHER, SKIPPED, UNCHOSEN, UNKNOWN, Slice, parse_hour

LAST = (UNCHOSEN, SKIPPED, UNKNOWN, OTHER)
"""What is no language, hour or reason of its own comes after those that are, in this order."""


@dataclass(frozen=True, slots=True)
class BySlice:
    """What the page shows of a place by language, hour or reason.

    `is_counted`: terminals have sent such tables, shown or not. `hidden`: months in none, since the first table.
    `pooled`: a sentence where keys with few ratings are together. `exact`: the parts with their counts, where those are
    shown. `legend`: what the best and the worst colour mean. `marks`: some cells have a ring. `periods`: the charts of
    single periods by name, the latest first.
    """

    slice: Slice
    range: Range
    shown: Splits
    is_counted: bool
    hidden: tuple[Period, ...]
    heading: str
    finding: Finding | None
    pooled: str
    exact: tuple[tuple[str, Counts, Share], ...]
    legend: tuple[str, str] | None
    marks: bool
    periods: tuple[tuple[str, Period], ...]


def languages(asked: Asked) -> Page:
    """How satisfied those are who chose each language."""
    say = asked.words
    words = SliceWords(
        say("Satisfied visitors by language"),
        lambda months: say("Satisfied visitors by language, %(months)s", months=months),
        say("Language"),
        lambda share: say("The languages are alike: %(share)s satisfied.", share=share),
        say("No clear difference between the languages."),
        lambda n: say("%(n)s languages", n=n),
        say("Languages with few ratings are shown together, to protect visitors."),
        keys.language(say),
    )
    return _page(asked, "languages", Slice.LANGUAGE, say("Languages"), lambda connection: words)


def hours(asked: Asked) -> Page:
    """How satisfied visitors are by weekday and hour."""
    say = asked.words
    words = SliceWords(
        say("Satisfied visitors by weekday and hour"),
        lambda months: say("Satisfied visitors by weekday and hour, %(months)s", months=months),
        say("When"),
        lambda share: say("The hours are alike: %(share)s satisfied.", share=share),
        say("No clear difference between the hours."),
        lambda n: say("%(n)s hours", n=n),
        say("Hours with few ratings are shown together, to protect visitors."),
        keys.hour(say),
    )
    return _page(asked, "hours", Slice.HOUR, say("Hours"), lambda connection: words)


def reasons(asked: Asked) -> Page:
    """How satisfied those are who gave each reason."""
    say = asked.words

    def words(connection: Connection) -> SliceWords:
        return SliceWords(
            say("Satisfied visitors by what mattered most to them"),
            lambda months: say("Satisfied visitors by what mattered most to them, %(months)s", months=months),
            say("Reason"),
            lambda share: say("The reasons are alike: %(share)s satisfied.", share=share),
            say("No clear difference between the reasons."),
            lambda n: say("%(n)s reasons", n=n),
            say("Reasons with few ratings are shown together, to protect visitors."),
            keys.reason(say, keys.own_reasons(connection, terminals(asked.place), say)),
        )

    return _page(asked, "reasons", Slice.REASON, say("Reasons"), words)


def terminals(place: Place) -> set[str]:
    """The ids of a place's terminals."""
    match place:
        case Terminal(id=id_):
            return {id_}
        case Site(terminals=terminals):
            return {each.id for each in terminals}
        case Area(sites=sites):
            return {each.id for site in sites for each in site.terminals}


def _page(asked: Asked, name: str, slice_: Slice, title: str, words: Callable[[Connection], SliceWords]) -> Page:
    with reading(asked.engine) as connection:
        about = connection, asked.place, asked.question
        known = disclosure.tables_known(*about, slice_)
        range_ = choice(asked, name, disclosure.months_known(*about), last_year(known) if known else None)
        shown = disclosure.splits(*about, slice_, range_.chosen, asked.threshold)
        is_counted = known is not None or disclosure.is_counted(*about, slice_)
        said = words(connection)
    parts = _ordered(shown.total.parts) if shown.total else []
    compared = compare(parts)
    charts = []
    if total := shown.total:
        drawing = _drawing(asked.words, name, slice_, said, total, compared)
        charts.append(_chart(asked, name, slice_, said, total, said.heading, drawing))
    singles = [
        _chart(
            asked, f"{name}-{split.days.first:%Y-%m}", slice_, said, split, said.title(asked.words.months(split.days))
        )
        for split in (shown.splits[::-1] if len(shown.splits) > 1 else ())
    ]
    found = BySlice(
        slice_,
        range_,
        shown,
        is_counted,
        tuple(month for month in shown.hidden if known and shown.total and month.first >= known.first),
        said.heading,
        finding(asked.words, said, parts, compared) if compared else None,
        said.pooled if any(_is_pooled(part.key) for part in parts) else "",
        tuple((said.name(part.key), part.counts, share_of(part.counts)) for part in parts if part.counts),
        _legend(asked.words) if slice_ is Slice.HOUR and charts and charts[0].drawing else None,
        bool(compared and compared.clear),
        tuple((each.name, each.days) for each in singles if each.days),
    )
    return Page("slices.html", title, found, (*charts, *singles))


def last_year(known: Period) -> Period:
    """The last twelve months of tables that there are; less where they begin later."""
    first = back(period_of(Grain.MONTH, known.last), 11).first
    return Period(max(first, known.first), known.last)


def _is_pooled(key: str) -> bool:
    stretch = parse_hour(key)
    return key == OTHER or (stretch is not None and (stretch[0] < stretch[1] or stretch[2] + 1 < stretch[3]))


def _ordered(parts: Iterable[Part]) -> list[Part]:
    """Hours as they come in a week; else those of most ratings first, and of as many, the least satisfied."""
    return sorted(
        parts,
        key=lambda part: (
            LAST.index(part.key) if part.key in LAST else -1,
            parse_hour(part.key) or (-part.n.low, least(part)),
            part.key,
        ),
    )


def _table(asked: Asked, slice_: Slice, words: SliceWords, split: Split) -> Table:
    """The parts with their shares and numbers; the interval only where counts are shown."""
    say = asked.words
    rows = []
    for part in _ordered(split.parts):
        name = words.name(part.key)
        cells: list[Cell] = [Named(name[:1].upper() + name[1:], part.key)]
        if part.counts:
            cells += share_cells(share_of(part.counts))
        else:
            cells += [part.satisfied, None, part.n]
        rows.append(Row(tuple(cells)))
    columns = (
        Column(str(slice_), words.column, Kind.NAME),
        Column("satisfied", say("Satisfied"), Kind.RANGE),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Number"), Kind.RANGE),
    )
    return Table(columns, tuple(rows))


def _chart(
    asked: Asked,
    name: str,
    slice_: Slice,
    words: SliceWords,
    split: Split,
    heading: str,
    drawing: Bars | HeatMap | None = None,
) -> Chart:
    known = [sum(part.counts) for part in split.parts if part.counts]
    least = asked.words.number(min(part.n.low for part in split.parts))
    return Chart(
        name,
        heading,
        drawing,
        _table(asked, slice_, words, split),
        drawing.sizes if drawing else (),
        split.days,
        sum(known) or None,
        "" if known else asked.words("Each figure rests on at least %(n)s ratings.", n=least),
    )


def _drawing(
    say: Words, name: str, slice_: Slice, words: SliceWords, split: Split, compared: Compared | None
) -> Bars | HeatMap | None:
    """Bars, or for hours a timetable; nothing where no hour is told by itself."""
    parts = _ordered(split.parts)
    if slice_ is not Slice.HOUR:
        return Bars(name, words.heading, tuple(_bar(say, words, part) for part in parts))
    marked = compared.clear.low if compared and compared.clear else ()
    cells = tuple(
        HeatCell(*stretch, *_in_heat(say, part), part in marked) for part in parts if (stretch := parse_hour(part.key))
    )
    return HeatMap(cells, say("%(heading)s, in percent", heading=words.heading)) if cells else None


def _in_heat(say: Words, part: Part) -> tuple[float, str, str]:
    """What a cell's colour goes by, and its share in little room and in full."""
    if part.counts:
        percent = share_of(part.counts).percent
        return percent, say.percent(percent).rstrip("%").strip(), say.percent(percent)
    step = part.satisfied
    short = f"{step.low}+" if step.high == 100 else f"≤{step.high}" if step.low == 0 else f"{step.low}–{step.high}"
    return step.low, short, say.step(step)


def _bar(say: Words, words: SliceWords, part: Part) -> Bar:
    name = words.name(part.key)
    low, high, percent = float(part.satisfied.low), float(part.satisfied.high), None
    if part.counts:
        share = share_of(part.counts)
        low, high, percent = share.low, share.high, share.percent
    return Bar(name[:1].upper() + name[1:], share_text(say, part), n_text(say, part), low, high, percent)


def _legend(say: Words) -> tuple[str, str]:
    """What the first and the last colour mean."""
    best, worst = say.percent(LIMITS[0]), say.percent(LIMITS[-1])
    return say("%(percent)s or more", percent=best), say("less than %(percent)s", percent=worst)
