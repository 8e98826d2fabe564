"""Rows of the trend, and of languages, hours and reasons. Reads through `disclosure.py`, as the pages do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from dashboard import disclosure, statistics
from dashboard.api import asking, shapes
from dashboard.api.asking import AskedParts, whole_months
from dashboard.api.of import DECIMALS, Of, about, rounded
from dashboard.charts.months import Point
from dashboard.charts.trend import gaps
from dashboard.language import Words, words
from dashboard.pages import keys, slices
from dashboard.pages.findings import share_of
from dashboard.places import Area
from dashboard.statistics import Share
from ratings.period import Period
from ratings.table import Slice


def trend(of: Of, connection: Connection, question: str) -> Iterator[shapes.Piece]:
    """The pieces of the trend, and the days between them, in order."""
    # As on the page: of several sites, the running month is in no sum.
    until = of.closed if isinstance(of.place, Area) else of.today
    days = asking.days(of.asked, of.today, Period(date.min, until), None, until)
    if days is None:
        return
    pieces = disclosure.trend(connection, of.place, question, days, of.threshold)
    shares = [(piece.days, statistics.figures(piece.counts, of.threshold).satisfied) for piece in pieces]
    points = [Point(piece, share) for piece, share in shares if share]
    first = points[0].days.first if points else days.first
    hidden = gaps(Period(first, max(days.last, first)), points)
    rows: list[tuple[Period, Share | None]] = [(each.days, each.share) for each in points]
    for piece, share in sorted([*rows, *((each, None) for each in hidden)], key=lambda each: each[0]):
        yield shapes.Piece(
            **about(of.place),
            question=question,
            first=piece.first,
            last=piece.last,
            hidden=share is None,
            ratings=share.n if share else None,
            satisfied=rounded(share),
        )


def parts(of: Of, connection: Connection, question: str, slice_: Slice) -> Iterator[shapes.Part]:
    """Of one slice: all keys of the months that are asked for, told as the page tells them."""
    assert isinstance(of.asked, AskedParts)
    known = disclosure.tables_known(connection, of.place, question, slice_)
    days = asking.days(of.asked, of.today, known, slices.last_year(known) if known else None, of.closed)
    if days is None:
        return
    split = disclosure.splits(connection, of.place, question, slice_, whole_months(days), of.threshold).total
    if split is None:
        return
    name = _names(of, connection, slice_, words(of.asked.lang))
    for part in split.parts:
        ratings, satisfied = shapes.Band(part.n.low, part.n.high), _range(part.satisfied.low, part.satisfied.high)
        interval = None
        if part.counts:
            share = share_of(part.counts)
            ratings = shapes.Band(share.n, share.n)
            satisfied = _range(share.percent, share.percent)
            interval = _range(share.low, share.high)
        yield shapes.Part(
            **about(of.place),
            question=question,
            first=f"{split.days.first:%Y-%m}",
            last=f"{split.days.last:%Y-%m}",
            key=part.key,
            label=name(part.key),
            ratings=ratings,
            satisfied=satisfied,
            interval=interval,
        )


def _range(low: float, high: float) -> shapes.Range:
    return shapes.Range(round(low, DECIMALS), round(high, DECIMALS))


def _names(of: Of, connection: Connection, slice_: Slice, say: Words) -> keys.Name:
    match slice_:
        case Slice.LANGUAGE:
            return keys.language(say)
        case Slice.HOUR:
            return keys.hour(say)
        case _:
            return keys.reason(say, keys.own_reasons(connection, slices.terminals(of.place), say))
