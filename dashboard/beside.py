"""What is beneath a place, side by side: the areas and sites of an area, the terminals of a site. Read at once.

A part of `disclosure.py`, through which pages ask for it. Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from dashboard import blocks_stored
from dashboard.places import Area, Site, Terminal
from dashboard.totals import Block, Shown, groups_of, of_site, summed
from ratings.period import Period


@dataclass(frozen=True, slots=True)
class Beside:
    """One of several: its blocks in a range, and those of earlier months to compare with, none of which is in both."""

    shown: Shown
    before: Shown


@dataclass(frozen=True, slots=True)
class Together:
    """Terminals of a site that some blocks show together, in those blocks; mostly one. No rating is in two of these."""

    terminals: tuple[Terminal, ...]
    beside: Beside


def beneath(
    connection: Connection, area: Area, question: str, asked: Period, before: Period, threshold: int
) -> dict[str, Beside]:
    """What `blocks` shows of an area, of each area in it and of each site, by their keys."""
    ids = [each.id for each in area.sites]
    days = blocks_stored.uncut(connection, ids, question, _both(asked, before))
    wholes = blocks_stored.wholes(connection, ids, question, days)
    of = {site.key: (site.name, of_site(wholes.get(site.id, []), threshold)) for site in area.sites}
    found = {key: _beside([blocks], asked, before) for key, blocks in of.items()}
    for each in (area, *area.all_areas):
        found[each.key] = _beside([of[site.key] for site in each.sites], asked, before)
    return found


def terminals(
    connection: Connection, site: Site, question: str, asked: Period, before: Period, threshold: int
) -> list[Together]:
    """The terminals of a site as its blocks show them: those that are shown together only are named together.

    Sorted by name. A terminal that no block of the range shows has one without figures.
    """
    published = blocks_stored.stored(connection, [site.id], question, _both(asked, before)).get(site.id, [])
    groups: dict[tuple[str, ...], list[Block]] = defaultdict(list)
    for block in published:
        for group in groups_of(block, threshold):
            groups[group.terminals].append(Block(block.days, group.counts))
    found: list[Together] = []
    for ids, blocks in groups.items():
        named = tuple(each for each in site.terminals if each.id in ids)
        # A terminal that has moved to another site since is in the figure, and is named where it stands now.
        beside = _beside([("", blocks)], asked, before)
        if beside.shown.blocks and named:
            found.append(Together(named, beside))
    seen = {each for some in found for each in some.terminals}
    nothing = Beside(summed([], asked), summed([], before))
    found += [Together((each,), nothing) for each in site.terminals if each not in seen]
    return sorted(found, key=lambda some: [site.terminals.index(each) for each in some.terminals])


def _both(asked: Period, before: Period) -> Period:
    return Period(min(asked.first, before.first), max(asked.last, before.last))


def _beside(found: Sequence[tuple[str, list[Block]]], asked: Period, before: Period) -> Beside:
    shown = summed(found, asked)
    first = shown.total.days.first if shown.total else asked.first
    earlier = [(name, [block for block in blocks if block.days.last < first]) for name, blocks in found]
    return Beside(shown, summed(earlier, before))
