"""Rows of totals and of months. Reads through `disclosure.py`, and makes nothing of it but percentages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from dashboard import disclosure, statistics
from dashboard.api import asking, shapes
from dashboard.api.asking import whole_months
from dashboard.api.of import DECIMALS, Of, about, rounded
from dashboard.disclosure import Block, Shown
from dashboard.pages.asking import back
from dashboard.statistics import Share
from ratings.period import Grain, Period, period_of, periods_between, write


def totals(of: Of, connection: Connection, question: str) -> Iterator[shapes.Total]:
    """The row of all months together; none where there are no figures of that time."""
    known = disclosure.months_known(connection, of.place, question)
    days = asking.days(of.asked, of.today, known, None, of.closed)
    if days is None:
        return
    months = whole_months(days)
    shown = _blocks(of, connection, question, months)
    yield shapes.Total(
        **about(of.place),
        **_figures(of, question, shown.total, shown.total and _before(of, connection, question, shown.total.days)),
        widened=shown.total is not None and not days.covers(shown.total.days),
        hidden_months=tuple(write(each, Grain.MONTH) for each in shown.hidden),
        without=tuple(name for name, _ in shown.missing),
    )


def months(of: Of, connection: Connection, question: str) -> Iterator[shapes.MonthOf]:
    """The rows of the months, shown and hidden, in order."""
    known = disclosure.months_known(connection, of.place, question)
    days = asking.days(of.asked, of.today, known, None, of.closed)
    if days is None:
        return
    shown = _blocks(of, connection, question, whole_months(days))
    rows: list[tuple[Period, Block | None]] = [(each, None) for each in shown.hidden]
    rows = sorted([*rows, *((block.days, block) for block in shown.blocks)], key=lambda each: each[0])
    earlier: Block | None = None
    for when, block in rows:
        if block is not None and earlier is None:
            earlier = _before(of, connection, question, period_of(Grain.MONTH, block.days.first))
        is_next = block is not None and earlier is not None and earlier.days.next() == block.days.first
        figures = _figures(of, question, block, earlier if is_next else None)
        if block is None:
            figures |= {"first": write(when, Grain.MONTH), "last": write(when, Grain.MONTH)}
        yield shapes.MonthOf(**about(of.place), **figures)
        earlier = block or earlier


def _blocks(of: Of, connection: Connection, question: str, months: Period) -> Shown:
    return disclosure.blocks(connection, of.place, question, months, of.threshold)


def _before(of: Of, connection: Connection, question: str, months: Period) -> Block | None:
    """As many months before, where they are shown, and reach into none of these."""
    number = len(list(periods_between(Grain.MONTH, months.first, months.last)))
    first = period_of(Grain.MONTH, months.first)
    found = _blocks(of, connection, question, Period(back(first, number).first, back(first, 1).last)).total
    return found if found and found.days.last < months.first else None


def _figures(of: Of, question: str, block: Block | None, before: Block | None) -> dict[str, Any]:
    """The figures of some months, or that they are hidden."""
    found = statistics.figures(block.counts, of.threshold) if block else None
    then = statistics.figures(before.counts, of.threshold).satisfied if before else None
    now = found.satisfied if found else None
    scores = block.counts if block else (None,) * 4
    return {
        "question": question,
        "first": f"{block.days.first:%Y-%m}" if block else None,
        "last": f"{block.days.last:%Y-%m}" if block else None,
        "hidden": block is None,
        "ratings": found.n if found else None,
        **dict(zip(("very_unhappy", "unhappy", "happy", "very_happy"), scores, strict=True)),
        "satisfied": rounded(now),
        "very_satisfied": rounded(found.very_satisfied) if found else None,
        "very_satisfied_of_satisfied": rounded(found.very_satisfied_of_satisfied) if found else None,
        "change": _change(then, now, before.days) if then and now and before else None,
    }


def _change(then: Share, now: Share, against: Period) -> shapes.Change:
    change = statistics.change(then, now)
    return shapes.Change(
        "unclear" if not change.is_clear else "up" if change.points > 0 else "down",
        round(change.points, DECIMALS),
        round(change.low, DECIMALS),
        round(change.high, DECIMALS),
        f"{against.first:%Y-%m}",
        f"{against.last:%Y-%m}",
    )
