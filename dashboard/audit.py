"""The audit: whether all that was ever published, together, tells of fewer visitors than the threshold.

For each hidden count it asks for the smallest and the largest value that the count can have, and objects where the
count is small and cannot be zero, or is known within less than the threshold. What it objects to follows from what
everybody could read: it tells no more than they know. Live release promises nothing, and is not covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from dashboard import blocks_stored, disclosure, places, slices_stored, trends
from dashboard.audit_bounds import Bounds
from dashboard.audit_evidence import Books, Record, evidence, records, targets, whole_sites
from dashboard.places import Site
from dashboard.worth import is_small
from ratings.table import POOLED


@dataclass(frozen=True, slots=True)
class Remembered:
    """Something that was published, kept outside the database: a restored backup has forgotten it."""

    site: str
    question: str
    record: Record


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was told of too few: what, between which values it is known to lie, and by which figures.

    No `high`: there is no upper end. Neither: exact figures are shown where bands are due.
    """

    site: str
    question: str
    what: str
    low: int | None
    high: int | None
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, how much was looked at, and the sites that release live, which the audit does not cover."""

    threshold: int
    findings: tuple[Finding, ...]
    published: tuple[Remembered, ...]
    hidden: int
    not_covered: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was told that should not be."""
        return not self.findings


def audit(connection: Connection, moment: datetime, threshold: int, before: Sequence[Remembered] = ()) -> Audit:
    """Look at all that is and was published. `moment` (aware) is now.

    `before`: what earlier audits remember; a backup that was restored has forgotten the latest of it.
    """
    findings: list[Finding] = []
    published = list(before)
    hidden = 0
    not_covered: list[str] = []
    for site in places.sites(connection):
        if site.live:
            not_covered.append(site.name)
            continue
        for question in disclosure.questions(connection, [site.id]):
            known = [each.record for each in before if (each.site, each.question) == (site.name, question)]
            books, told, now = _read(connection, site, question, places.today(site, moment))
            told = list(dict.fromkeys([*known, *told]))
            some, count = judge(site.name, question, books, told, now, threshold)
            findings += some
            published += [Remembered(site.name, question, record) for record in told]
            hidden += count
    return Audit(threshold, tuple(findings), tuple(dict.fromkeys(published)), hidden, tuple(not_covered))


def judge(
    site: str, question: str, books: Books, told: Sequence[Record], now: Sequence[Record], threshold: int
) -> tuple[list[Finding], int]:
    """The findings of one site and question, and how many hidden counts there are. `now`: sums shown beside `told`."""
    published = [*told, *now]
    found = evidence(books, published)
    made = [
        Finding(site, question, f"{what}: exact figures where bands are due", None, None, (what,))
        for what in found.exact
    ]
    bounds = Bounds(found, threshold)
    hidden = {
        what: cells for what, cells in targets(found, published).items() if is_small(found.truth(cells), threshold)
    }
    seen: set[frozenset[object]] = set()
    for what, cells in hidden.items():
        if cells not in seen and (interval := bounds.of(cells)):
            made.append(Finding(site, question, what, interval.low, interval.high, interval.figures))
        seen.add(cells)
    for late, interval in bounds.late():
        came = "came after" if late.sign > 0 else "went after"
        what = f"what {came} {found.figures[late.figure].what}"
        made.append(Finding(site, question, what, interval.low, interval.high, interval.figures))
    return made, len(seen)


def _read(connection: Connection, site: Site, question: str, today: date) -> tuple[Books, list[Record], list[Record]]:
    released = slices_stored.released(connection, site.id, question)
    books = Books(
        blocks_stored.monthly(connection, site.id, question, today),
        trends.released(connection, site.id, question, today),
        {slice_: [table for table in some if table.days.last < today] for slice_, some in released.items()},
    )
    splits = {each: slices_stored.stored(connection, site.id, question, each) for each in POOLED}
    told = records(
        blocks_stored.stored(connection, [site.id], question).get(site.id, []),
        trends.stored(connection, [site.id], question).get(site.id, []),
        splits,
    )
    return books, told, whole_sites(splits)
