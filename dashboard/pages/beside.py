"""What is beneath a place side by side: areas and sites, or the terminals of a site. By name: it is no league table.

Reads through `disclosure.py`, and makes nothing of it but percentages and a chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dashboard import disclosure
from dashboard.charts.beside import Line, SideBySide, sizes
from dashboard.charts.chart import Chart
from dashboard.charts.table import HIDDEN, Column, Kind, Months, Row, Table, share_cells
from dashboard.disclosure import Beside
from dashboard.language import Words, runs
from dashboard.pages.asking import Asked, back
from dashboard.pages.page import Page
from dashboard.pages.ranges import Range, choice, ends, within
from dashboard.places import Area, Place, Site
from dashboard.statistics import Change, Share, change, figures
from dashboard.store import reading
from ratings.period import Grain, Period, period_of, periods_between

MOST_OPEN = 40
"""With more rows than this, each area has a table of its own, which is folded until somebody opens it."""

MOST_NAMED = 3
"""More sites than this that a sum is without are counted."""

MOST_DRAWN = 40
"""A drawing of more lines than this is no help: then it has those of the first level, and if need be none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: a place, or terminals that are shown together only. `share` is None where it is hidden.

    `months`: what it rests on, where that is not all that was asked for. `without`: the sites that an area's sum is
    without, since their months are shown together only. `against`: what the change is against, where that is not all
    months before.
    """

    name: str
    link: str
    is_area: bool
    is_simulated: bool
    is_live: bool
    share: Share | None
    months: tuple[Period, ...]
    without: tuple[str, ...]
    change: Change | None
    against: tuple[Period, ...]

    def remark(self, say: Words) -> str:
        """What it rests on, where that is not what was asked for, in words."""
        if not self.share:
            return ""
        parts = [say.listed(self.months)] if self.months else []
        if len(self.without) > MOST_NAMED:
            parts.append(say("without %(n)s sites", n=say.number(len(self.without))))
        elif self.without:
            parts.append(say("without %(names)s", names=say.together(self.without)))
        return ", ".join(parts)

    def changed(self, say: Words) -> str | None:
        """The change in words; None where there is nothing to compare with."""
        return say.change(self.change) if self.change else None


@dataclass(frozen=True, slots=True)
class Branch:
    """An area with its own figure, the sites that stand in it directly, and the areas in it."""

    area: Entry
    sites: tuple[Entry, ...]
    branches: tuple[Branch, ...]

    def walk(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Entry]]:
        """All rows in the order of the tree, each with the names of the areas that it is in."""
        yield above, self.area
        here = (*above, self.area.name)
        yield from ((here, each) for each in self.sites)
        for each in self.branches:
            yield from each.walk(here)


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows: the `tree` of an area, the `terminals` of a site. `before`: as many months before.

    `rows`: all of it with their depth, where it is little enough for one table.
    """

    range: Range
    months: Period
    before: Period
    tree: Branch | None = None
    terminals: tuple[Entry, ...] = ()
    rows: tuple[tuple[int, Entry], ...] = ()


def page(asked: Asked) -> Page:
    """What is beneath a place, in the months that are asked for."""
    with reading(asked.engine) as connection:
        known = disclosure.months_known(connection, asked.place, asked.question)
        range_ = choice(asked, "places", known)
        months = within(range_.chosen, known)
        before = _before(months)
        telling = _Telling(asked, months, before)
        match asked.place:
            case Area() as area:
                of = disclosure.beneath(connection, area, asked.question, months, before, asked.threshold)
                tree = telling.branch(area, of)
                rows = list(tree.walk())
                few = tuple((len(above), each) for above, each in rows) if len(rows) <= MOST_OPEN else ()
                found = Found(range_, months, before, tree, rows=few)
            case Site() as site:
                some = disclosure.terminals(connection, site, asked.question, months, before, asked.threshold)
                entries = tuple(telling.entry(each.terminals, each.beside) for each in some)
                rows = [((), entry) for entry in entries]
                found = Found(range_, months, before, terminals=entries)
            case _:
                return Page("beside.html", asked.title, Found(range_, months, before))
    return Page("beside.html", asked.title, found, (_chart(asked, found, rows),))


def _before(months: Period) -> Period:
    """As many months before."""
    number = len(list(periods_between(Grain.MONTH, months.first, months.last)))
    first = period_of(Grain.MONTH, months.first)
    return Period(back(first, number).first, back(first, 1).last)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Makes rows of what is shown."""

    asked: Asked
    months: Period
    before: Period

    def branch(self, area: Area, of: dict[str, Beside]) -> Branch:
        return Branch(
            self.entry((area,), of[area.key]),
            tuple(self.entry((site,), of[site.key]) for site in area.own_sites),
            tuple(self.branch(each, of) for each in area.areas),
        )

    def entry(self, places: Sequence[Place], beside: Beside) -> Entry:
        (first, *others), shown, before = places, beside.shown, beside.before
        share = figures(shown.total.counts, self.asked.threshold).satisfied if shown.total else None
        then = figures(before.total.counts, self.asked.threshold).satisfied if before.total else None
        is_area = isinstance(first, Area)
        return Entry(
            " + ".join(each.name for each in places) or self.asked.words("All sites"),
            self._link(first if not others else None, is_area=is_area),
            is_area,
            any(each.simulated for each in places) and self._differ(first, "simulated"),
            any(each.live for each in places) and self._differ(first, "live"),
            share,
            _unless(self.months, (block.days for block in shown.blocks)),
            tuple(name for name, _ in shown.apart),
            change(then, share) if share and then else None,
            _unless(self.before, (block.days for block in before.blocks)),
        )

    def _differ(self, about: Place, what: str) -> bool:
        """Whether some here are so, and others not: where all are, the page says it once, as it does of the whole."""
        place = self.asked.place
        if about == place:
            return False
        each = place.sites if isinstance(place, Area) else place.terminals if isinstance(place, Site) else ()
        return len({getattr(one, what) for one in each}) > 1

    def _link(self, place: Place | None, *, is_area: bool) -> str:
        """To the place; of an area to this page again. Terminals that are shown together have the site's."""
        if is_area:
            return self.asked.link("places", place, **ends(self.asked))
        return self.asked.link("", place or self.asked.place)


def _unless(usual: Period, blocks: Iterable[Period]) -> tuple[Period, ...]:
    """The months of some blocks, unless they are just the usual ones."""
    found = tuple(runs(blocks))
    return () if found == (usual,) else found


def _chart(asked: Asked, found: Found, rows: Sequence[tuple[tuple[str, ...], Entry]]) -> Chart:
    say = asked.words
    drawn = rows if len(rows) <= MOST_DRAWN else [each for each in rows if len(each[0]) <= 1]
    lines = tuple(Line(each.name, len(above), each.is_area, each.share, each.remark(say)) for above, each in drawn)
    can_be_drawn = len(lines) <= MOST_DRAWN and any(line.share for line in lines)
    columns = (
        Column("place", say("Place")),
        Column("area", say("Area")),
        Column("without", say("Without")),
        Column("months", say("Months"), Kind.SOME_MONTHS),
        Column("satisfied", say("Satisfied")),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Number")),
        Column("change", say("Change"), Kind.CHANGE),
        Column("against", say("Against"), Kind.SOME_MONTHS),
    )
    return Chart(
        "beside",
        say("Side by side"),
        SideBySide(found.months, lines) if can_be_drawn else None,
        Table(columns, tuple(_row(found, *each) for each in rows)),
        sizes(lines),
        found.months,
        _base(found),
        say(
            "Share of satisfied visitors. The line through each mark is the 95%% interval: the fewer ratings, "
            "the longer. Sorted by name; two whose lines overlap may differ by chance alone."
        ),
    )


def _base(found: Found) -> int | None:
    """All ratings that are shown, where they are of the months asked for: of terminals, each is in one row only."""
    entries = [found.tree.area] if found.tree else found.terminals
    if any(each.share and each.months for each in entries):
        return None
    return sum(each.share.n for each in entries if each.share) or None


def _row(found: Found, above: tuple[str, ...], entry: Entry) -> Row:
    share, area = entry.share, " / ".join(above) or None
    if share is None:
        return Row((entry.name, area, None, *[HIDDEN] * 6), entry.link)
    months = Months(entry.months or (found.months,))
    against = Months(entry.against or (found.before,)) if entry.change else None
    without = ", ".join(entry.without) or None
    return Row((entry.name, area, without, months, *share_cells(share), entry.change, against), entry.link)
