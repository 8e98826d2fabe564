"""Sums over terminals, sites and days are made of whole published figures: none is parted, and none is in it twice.

So they tell no more than the published figures do, and the audit, which knows all of those, need not look at each sum.
To see what a sum is made of, each published count is a power of two of its own.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest
from sqlalchemy import Connection

from dashboard import blocks, blocks_stored, disclosure, slices, slices_stored, trends
from dashboard.places import Area, Place, Site, Terminal, site_ids, sites
from dashboard.summing import label_of
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Period
from ratings.pooling import Piece
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import POOLED, Slice
from tests.dashboard import random_sites
from tests.dashboard.filling import Filling, months

SMALLEST = 7
"""Of the powers of two: 128 ratings are told exactly, also by language, hour and reason."""
THRESHOLDS = (10, 2**8, 2**10, 2**14)
"""That of publication, and others, raised since: some of what was published is joined again, or hidden."""
SEEDS = (0, 1, 3, 4, 5, 6, 7, 8)
"""Of worlds in which there is something to sum."""


class Atom(NamedTuple):
    """A count that was published: of whom, of which days, and (in a table) of which key."""

    site: int
    terminals: tuple[str, ...]
    days: Period
    key: str = ""


@dataclass
class Marks:
    """Gives each atom its power of two, and reads from a sum what it is made of."""

    atoms: list[Atom] = field(default_factory=list)

    def new(self, atom: Atom) -> Counts:
        score, power = len(self.atoms) % len(Score), len(self.atoms) // len(Score)
        self.atoms.append(atom)
        counts = [2 ** (power + SMALLEST) if each == score else 0 for each in Score]
        return counts[0], counts[1], counts[2], counts[3]

    def of(self, counts: Counts) -> list[Atom]:
        numbers = [
            (bit - SMALLEST) * len(Score) + score
            for score, count in enumerate(counts)
            for bit in range(count.bit_length())
            if count >> bit & 1
        ]
        assert all(0 <= each < len(self.atoms) for each in numbers), "a part of something, or something twice"
        return [self.atoms[each] for each in numbers]


@dataclass
class World:
    """Some sites, of which each has published as a random site does."""

    connection: Connection
    chance: random.Random
    grown: list[tuple[Site, random_sites.Site]]
    marks: Marks = field(default_factory=Marks)
    largest: int = 0
    """Of how many published counts the largest sum was."""

    def asked(self) -> Iterator[tuple[Place, Period, int]]:
        """Each place, some stretches of months, and a threshold."""
        every = Area(0, "", tuple(site for site, _ in self.grown))
        yield every, months("2022-01", "2022-12"), min(THRESHOLDS)
        places: list[Place] = [every, *every.sites, *(each for site in every.sites for each in site.terminals)]
        for place, _ in itertools.product(places, range(4)):
            first, last = sorted(self.chance.choices(range(1, 13), k=2))
            yield place, months(f"2022-{first:02}", f"2022-{last:02}"), self.chance.choice(THRESHOLDS)

    def are_whole(self, figures: Iterable[tuple[Period, Counts]], place: Place) -> list[Atom]:
        """See that nothing is in two figures, or where it does not belong; returns all that is in them."""
        found: list[Atom] = []
        for days, counts in figures:
            atoms = self.marks.of(counts)
            assert all(days.covers(each.days) for each in atoms)
            found += atoms
            self.largest = max(self.largest, len(atoms))
        assert len(found) == len(set(found)), "twice"
        if isinstance(place, Terminal):
            assert {each.terminals for each in found} <= {(place.id,)}, "a terminal has only what it was alone in"
        else:
            assert {each.site for each in found} <= set(site_ids(place))
        return found


@pytest.fixture(params=SEEDS)
def world(request: pytest.FixtureRequest, sqlite: Filling) -> Iterator[World]:
    chance = random.Random(request.param)
    grown = {}
    for name in ("Grünerløkka", "Sentrum", "Tøyen"):
        place = random_sites.grow(chance.randrange(10_000), most_terminals=3)
        for each in place.released:
            sqlite.terminal(f"{name} {each}", name)
        grown[name] = place
    with sqlite.engine.begin() as connection:
        yield World(connection, chance, [(site, grown[site.name]) for site in sites(connection)])


def named(site: Site, terminals: Iterable[str]) -> tuple[str, ...]:
    """A random site's terminals as they are called in the database."""
    ids = {each.name.split()[-1]: each.id for each in site.terminals}
    return tuple(sorted(ids[each] for each in terminals))


def test_blocks_are_summed_whole(world: World) -> None:
    for site, place in world.grown:
        marked = [
            replace(
                block,
                groups=tuple(
                    blocks.Group(names, world.marks.new(Atom(site.id, names, block.days)))
                    for names in (named(site, group.terminals) for group in block.groups)
                ),
            )
            for block in place.blocks
        ]
        blocks_stored.apply(world.connection, site.id, VISIT, [], marked)
    for about, asked, threshold in world.asked():
        shown = disclosure.blocks(world.connection, about, VISIT, asked, threshold)
        there = world.are_whole(((each.days, each.counts) for each in shown.blocks), about)
        if not isinstance(about, Terminal):
            touched = {(each.site, each.days) for each in there}
            assert set(there) == {each for each in world.marks.atoms if (each.site, each.days) in touched}
        assert there == [] if shown.total is None else set(there) == set(world.marks.of(shown.total.counts))
    assert world.largest > 1, "nothing was summed"


def test_pieces_of_trend_are_summed_whole(world: World) -> None:
    for site, place in world.grown:
        marked = []
        for each in place.trend:
            names = named(site, each.terminals)
            marked.append(trends.Shown(Piece(each.days, world.marks.new(Atom(site.id, names, each.days))), names))
        trends.apply(world.connection, site.id, VISIT, marked)
        published = []
        for block in place.blocks:
            # A block that was all of its pieces still is, so that several sites have a trend, too.
            before, now = (
                add(ZERO, *(each.piece.counts for each in some if block.days.covers(each.days)))
                for some in (place.trend, marked)
            )
            balanced = before == add(*(group.counts for group in block.groups))
            members = named(site, (each for group in block.groups for each in group.terminals))
            counts = now if balanced else add(now, (0, 0, 0, 1))
            published.append(replace(block, groups=(blocks.Group(members, counts),)))
        blocks_stored.apply(world.connection, site.id, VISIT, [], published)
    for about, asked, threshold in world.asked():
        shown = disclosure.trend(world.connection, about, VISIT, asked, threshold)
        world.are_whole(((each.days, each.counts) for each in shown), about)
    assert world.largest > 1, "nothing was summed"


@pytest.mark.parametrize("slice_", POOLED)
def test_tables_are_summed_whole_and_each_key_is_under_one(world: World, slice_: Slice) -> None:
    for site, place in world.grown:
        marked = []
        for table in place.splits[slice_]:
            units = []
            for unit in table.units:
                names = named(site, unit.terminals)
                cells = {key: world.marks.new(Atom(site.id, names, table.days, key)) for key in unit.cells}
                units.append(slices.Unit(names, cells))
            marked.append(slices.Divided(table.days, tuple(units)))
        slices_stored.apply(world.connection, site.id, VISIT, slice_, [], marked)
    for about, asked, threshold in world.asked():
        found = disclosure.splits(world.connection, about, VISIT, slice_, asked, threshold)
        told = [(split.days, part) for split in found.splits for part in split.parts]
        there = world.are_whole(((days, part.counts or ZERO) for days, part in told), about)
        touched = {each[:3] for each in there}
        assert set(there) == {each for each in world.marks.atoms if each[:3] in touched}, "all keys of a unit, or none"
        for split in (*found.splits, *([found.total] if found.total else ())):
            labels = [part.key for part in split.parts]
            for part in split.parts:
                under = {label_of(slice_, atom.key, labels) for atom in world.marks.of(part.counts or ZERO)}
                assert under == {part.key}
        if found.total:
            assert Counter(there) == Counter(
                atom for part in found.total.parts for atom in world.marks.of(part.counts or ZERO)
            )
    assert world.largest > 1, "nothing was summed"
