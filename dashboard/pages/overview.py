"""The overview: the last closed month, what changed, its four answers, the month so far, and thirteen months.

Reads through `disclosure.py`, and makes nothing of it but percentages and a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from dashboard import disclosure, sentences, visits
from dashboard.charts.answers import BEST_FIRST, ROWS, Answers, AnswersByMonth, Stack, answer
from dashboard.charts.chart import Chart
from dashboard.charts.months import ByMonth, Point
from dashboard.charts.table import HIDDEN, Column, Interval, Kind, Named, Percent, Row, Table, share_cells
from dashboard.disclosure import Shown, SoFar
from dashboard.language import Words
from dashboard.pages.asking import LONGEST_YEARS, Asked, back
from dashboard.pages.page import Page
from dashboard.places import Site
from dashboard.statistics import Change, Figures, Share, change, figures
from dashboard.store import reading
from ratings.period import Grain, Period, period_of, periods_between
from ratings.scale import Score

MONTHS = 13
"""The last month, and the twelve before: the same month last year is among them."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month, or several that are shown together only, with their figures; None: hidden."""

    days: Period
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The satisfied share of the headline against that of earlier months."""

    days: Period
    then: Share
    now: Share

    @property
    def change(self) -> Change:
        """From then to now."""
        return change(self.then, self.now)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows of a place. `month` is the closed month that it is about; `asked`: somebody chose it.

    `response`: how many of the headline's visits were answered, where staff entered them. `headline_without`: those of
    several sites that have no part in the headline; `left_out`: those that are not in all of the months, in sentences.
    """

    month: Period
    asked: bool
    headline: Month | None
    before: Compared | None
    last_year: Compared | None
    so_far: SoFar | None
    so_far_figures: Figures | None
    months: tuple[Month, ...]
    response: tuple[str, ...]
    headline_without: tuple[str, ...]
    left_out: tuple[str, ...]


def page(asked: Asked) -> Page:
    """The overview of a place up to the month that is asked for, or the last closed one."""
    with reading(asked.engine) as connection:
        found = overview(connection, asked)
    live = isinstance(asked.place, Site) and asked.place.live and not found.asked
    return Page("overview.html", asked.title, found, tuple(_charts(asked, found)), refreshes=live)


def overview(connection: Connection, asked: Asked) -> Overview:
    """What may be shown of a place's answers to a question up to a closed month."""
    month = asked.month()
    about = month or asked.last_closed_month
    shown = _since_the_first(_blocks(connection, asked, Period(back(about, MONTHS - 1).first, about.last)), about)
    known = [Month(block.days, figures(block.counts, asked.threshold)) for block in shown.blocks]
    headline = next((each for each in reversed(known) if month is None or each.days.covers(month)), None)
    of_headline = shown
    if not known and month is None:
        of_headline = _older(connection, asked, about)
        headline = next(
            (Month(each.days, figures(each.counts, asked.threshold)) for each in reversed(of_headline.blocks)), None
        )
    so_far = None
    if month is None and isinstance(asked.place, Site):
        so_far = disclosure.month_so_far(connection, asked.place, asked.question, asked.today, asked.threshold)
    return Overview(
        about,
        month is not None,
        headline,
        _compared(headline, known, lambda days: days.next() == headline.days.first) if headline else None,
        _compared(headline, known, lambda days: days.covers(back(_last(headline.days), 12))) if headline else None,
        so_far,
        figures(so_far.counts, asked.threshold) if so_far and so_far.counts else None,
        tuple(sorted([*known, *(Month(each, None) for each in shown.hidden)], key=lambda each: each.days))
        if known
        else (),
        _response(connection, asked, shown, headline),
        _without(headline, of_headline),
        tuple(sentences.left_out(shown, asked.words)) if known else (),
    )


def _blocks(connection: Connection, asked: Asked, months: Period) -> Shown:
    return disclosure.blocks(connection, asked.place, asked.question, months, asked.threshold)


def _since_the_first(shown: Shown, about: Period) -> Shown:
    """Without the hidden months before the first block: there is no figure before it, and nothing to hide."""
    if not shown.blocks:
        return shown
    first = shown.blocks[0].days.first
    last = max(about.last, shown.blocks[-1].days.last)
    hidden = tuple(
        each
        for each in periods_between(Grain.MONTH, first, last)
        if not any(block.days.covers(each) for block in shown.blocks)
    )
    return replace(shown, hidden=hidden)


def _older(connection: Connection, asked: Asked, about: Period) -> Shown:
    """All figures that there are, where the last thirteen months have none."""
    everything = Period(about.first.replace(year=max(1, about.first.year - LONGEST_YEARS)), about.last)
    return _blocks(connection, asked, everything)


def _without(headline: Month | None, shown: Shown) -> tuple[str, ...]:
    """Those of several sites of which there is nothing in the headline."""
    if headline is None:
        return ()
    months = set(periods_between(Grain.MONTH, headline.days.first, headline.days.last))
    return tuple(name for name, without in shown.missing if not without or months <= set(without))


def _response(connection: Connection, asked: Asked, shown: Shown, headline: Month | None) -> tuple[str, ...]:
    blocks = tuple(block for block in shown.blocks if headline and block.days == headline.days)
    answered = visits.answered(connection, asked.place, replace(shown, blocks=blocks))
    return tuple(sentences.response(answered, blocks, asked.words))


def _last(days: Period) -> Period:
    return period_of(Grain.MONTH, days.last)


def _compared(headline: Month, known: Sequence[Month], is_it: Callable[[Period], bool]) -> Compared | None:
    """The headline against other months; None where they are not shown, or part of the headline itself."""
    for each in known:
        if each.days != headline.days and is_it(each.days) and headline.figures and each.figures:
            now, then = headline.figures.satisfied, each.figures.satisfied
            return Compared(each.days, then, now) if now and then else None
    return None


def _charts(asked: Asked, found: Overview) -> Iterator[Chart]:
    """The satisfied share of thirteen months, and the four answers, of the headline and month by month."""
    yield _by_month(asked, found)
    yield _answers_by_month(asked, found)
    if found.headline and found.headline.figures and found.headline.figures.satisfied:
        yield _answers(asked.words, found.headline.days, found.headline.figures)


def _by_month(asked: Asked, found: Overview) -> Chart:
    say = asked.words
    points = tuple(
        Point(each.days, each.figures.satisfied)
        for each in found.months
        if each.figures is not None and each.figures.satisfied is not None
    )
    columns = (
        Column("months", say("Months"), Kind.MONTHS),
        Column("satisfied", say("Satisfied")),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Number")),
    )
    return Chart(
        "months",
        say("Month by month"),
        ByMonth(points, _hidden(found)) if points else None,
        Table(columns, tuple(_row(asked, each) for each in reversed(found.months))),
        days=_span(found.months),
        ratings=sum(each.figures.n for each in found.months if each.figures),
        note=band_note(say),
    )


def band_note(say: Words) -> str:
    """What the band of a chart by month means."""
    return say("Share of satisfied visitors. The band is the 95%% interval: the fewer ratings, the wider.")


def _answers(say: Words, days: Period, figures_: Figures) -> Chart:
    columns = (
        Column("answer", say("Answer"), Kind.NAME),
        Column("share", say("Share")),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Ratings")),
    )
    rows = tuple(
        Row((_named(score, say), Percent(share.percent), Interval(share.low, share.high), share.k))
        for score in BEST_FIRST
        if (share := figures_.distribution[score])
    )
    drawing = Answers(days, figures_.counts)
    return Chart("answers", say("The four answers"), drawing, Table(columns, rows), (ROWS,), days, figures_.n)


def _named(score: Score, say: Words) -> Named:
    return Named(answer(score, say), score.name.lower())


def _answers_by_month(asked: Asked, found: Overview) -> Chart:
    say = asked.words
    stacks = tuple(
        Stack(each.days, each.figures.counts) for each in found.months if each.figures and each.figures.satisfied
    )
    columns = (
        Column("months", say("Months"), Kind.MONTHS),
        *(Column(score.name.lower(), answer(score, say)) for score in BEST_FIRST),
        Column("ratings", say("Number")),
    )
    return Chart(
        "answers-by-month",
        say("The four answers, month by month"),
        AnswersByMonth(stacks, _hidden(found)) if stacks else None,
        Table(columns, tuple(_row_of_answers(each) for each in reversed(found.months))),
        days=_span(found.months),
        ratings=sum(sum(each.counts) for each in stacks),
    )


def _row_of_answers(month: Month) -> Row:
    if month.figures is None or month.figures.satisfied is None:
        return Row((month.days, *[HIDDEN] * len(BEST_FIRST), HIDDEN))
    shares = month.figures.distribution
    return Row(
        (month.days, *(Percent(share.percent) for score in BEST_FIRST if (share := shares[score])), month.figures.n)
    )


def _hidden(found: Overview) -> tuple[Period, ...]:
    return tuple(each.days for each in found.months if each.figures is None)


def _span(months: Sequence[Month]) -> Period | None:
    """From the first month to the last one."""
    return Period(months[0].days.first, max(each.days.last for each in months)) if months else None


def _row(asked: Asked, month: Month) -> Row:
    if month.figures is None or month.figures.satisfied is None:
        return Row((month.days, HIDDEN, HIDDEN, HIDDEN))
    cells = month.days, *share_cells(month.figures.satisfied)
    return Row(cells, asked.link("", month=f"{month.days.last:%Y-%m}"))
