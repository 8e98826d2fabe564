"""The figures of a stretch of months, for an annual report: as JSON, as CSV; in words they are in `sentences.py`.

Gets what may be shown from `disclosure.py` and adds percentages. Opens no database but the one it is given.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dashboard import disclosure, places, visits
from dashboard.disclosure import Block, Shown
from dashboard.places import AskedError, Terminal
from dashboard.statistics import Figures, Share, figures
from dashboard.store import StoreError, is_current, open_engine, reading, upgrade
from dashboard.visits import Answered
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION
from ratings.period import Grain, Period

LONGEST_YEARS = 100
"""A range of more than this is a typing mistake."""

SHARES = ("satisfied", "very_satisfied", "very_satisfied_of_satisfied")


@dataclass(frozen=True, slots=True)
class Report:
    """What may be shown of a stretch of months, and about what and whom it is.

    `place`: "" is all sites. `answered`: the blocks of which the number of visits is known.
    """

    place: str
    question: str
    shown: Shown
    threshold: int
    today: date
    simulated: bool
    answered: tuple[Answered, ...] = ()

    def figures(self, block: Block) -> Figures:
        """The figures of a block or of the total, none of them on a base below the threshold."""
        return figures(block.counts, self.threshold)

    @property
    def running(self) -> list[Period]:
        """Hidden months that are not over yet: hidden from nobody's curiosity, there is just nothing to show."""
        return [each for each in self.shown.hidden if each.last >= self.today]

    @property
    def hidden(self) -> list[Period]:
        """Months that are over and are not shown."""
        return [each for each in self.shown.hidden if each.last < self.today]


def open_existing(url: str) -> Engine:
    """Open a database that is there (asking for figures makes none), and bring it up to date. Raises StoreError."""
    hint = "import a file or start the dashboard first, or name another database with --database"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return open_engine(url)  # Which says what is allowed.
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise StoreError(f"{shown}: there is no such database; {hint}")
    engine = open_engine(url)
    with reading(engine) as connection:
        if not inspect(connection).has_table("block"):
            engine.dispose()
            raise StoreError(f"{shown}: there are no figures of Fjes in this database; {hint}")
        current = is_current(connection)
    if not current:
        # Of an earlier version. One that is of this version is only read, so that whoever writes to it is no hindrance.
        upgrade(engine)
    return engine


def months_between(first: str, last: str) -> Period:
    """The range from one month to another, written as `2022-01`. Raises AskedError."""
    try:
        begin, end = periods.parse_month(first), periods.parse_month(last)
    except ValueError as error:
        raise AskedError(str(error)) from None
    if end.first < begin.first:
        raise AskedError(f"the range begins in {first}, after its end in {last}; turn the two round")
    if end.last.year - begin.first.year > LONGEST_YEARS:
        raise AskedError(f"{first} to {last} is more than {LONGEST_YEARS} years; ask for less")
    return Period(begin.first, end.last)


def report(
    engine: Engine,
    asked: Period,
    *,
    threshold: int,
    terminal: str | None = None,
    site: str | None = None,
    question: str | None = None,
    now: datetime | None = None,
) -> Report:
    """Publish what is due, and read the figures of a terminal, a site, or (where none is named) of all sites together.

    `question`: None for the one asked last. `now` decides which months are over. Raises AskedError, StoreError.
    """
    with reading(engine) as connection:
        sites = places.sites(connection)
        if not sites:
            raise AskedError("the database has no terminal yet; import a file or connect a terminal first")
        place, among = places.find(sites, site, terminal)
        known = disclosure.questions(connection, [each.id for each in among])
    if question is not None and question not in known:
        raise AskedError(f"there are no ratings of a question {question!r}; there are of: {', '.join(known) or 'none'}")
    question = question or (known[0] if known else DEFAULT_QUESTION)
    moment = now or datetime.now(UTC)
    for each in among:
        disclosure.publish_if_due(engine, [each.id], question, places.today(each, moment), threshold)
    with reading(engine) as connection:
        shown = disclosure.blocks(connection, place, question, asked, threshold)
        answered = visits.answered(connection, place, shown)
    return Report(
        f"{place.name} ({among[0].name})" if isinstance(place, Terminal) else ", ".join(each.name for each in among),
        question,
        shown,
        threshold,
        min(places.today(each, moment) for each in among),
        any(each.simulated for each in ([place] if isinstance(place, Terminal) else among)),
        answered,
    )


def as_json(report: Report) -> str:
    """The figures for programs. Percentages are numbers from 0 to 100, not rounded; a share that is hidden is null."""
    total = report.shown.total
    document: dict[str, Any] = {
        "requested": _range(report.shown.requested),
        **(_range(total.days) if total else {"from": None, "to": None}),
        "blocks": [_block(report, block) for block in report.shown.blocks],
        "total": _block(report, total) if total else None,
        "hidden": [_month(each) for each in report.shown.hidden],
    }
    # Only where there is something to say: several sites that do not all have every month, visits that staff entered,
    # ratings of nobody.
    if report.shown.missing:
        document["missing"] = {name: [_month(each) for each in months] for name, months in report.shown.missing}
    if report.shown.apart:
        document["apart"] = {name: [_month(each) for each in months] for name, months in report.shown.apart}
    if report.answered:
        document["answered"] = [{**_range(each.days), "n": each.n, "visits": each.visits} for each in report.answered]
    if report.simulated:
        document["simulated"] = True
    return json.dumps(document, ensure_ascii=False, indent=2)


def _block(report: Report, block: Block) -> dict[str, Any]:
    found = report.figures(block)
    shares: list[Share | None] = [getattr(found, name) for name in SHARES]
    return {
        **_range(block.days),
        "counts": list(block.counts),
        "n": found.n,
        **{
            name: {"percent": share.percent, "low": share.low, "high": share.high} if share else None
            for name, share in zip(SHARES, shares, strict=True)
        },
    }


def _range(days: Period) -> dict[str, str]:
    return {"from": f"{days.first:%Y-%m}", "to": f"{days.last:%Y-%m}"}


def _month(days: Period) -> str:
    return periods.write(days, Grain.MONTH)


def as_csv(report: Report) -> str:
    """The figures for a spreadsheet: a row a block, the total, and the months that are hidden (without figures)."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    names = [f"{name}_{part}" for name in SHARES for part in ("percent", "low", "high")]
    table.writerow(["row", "from", "to", "very_unhappy", "unhappy", "happy", "very_happy", "n", *names])
    total = report.shown.total
    for kind, block in [("block", each) for each in report.shown.blocks] + ([("total", total)] if total else []):
        found = report.figures(block)
        shares: list[Share | None] = [getattr(found, name) for name in SHARES]
        cells = [
            number for share in shares for number in ((share.percent, share.low, share.high) if share else [""] * 3)
        ]
        table.writerow([kind, *_range(block.days).values(), *block.counts, found.n, *cells])
    for month in report.shown.hidden:
        table.writerow(["hidden", _month(month), _month(month), *[""] * (5 + len(names))])
    return out.getvalue()
