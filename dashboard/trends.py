"""Publication of the trend: pieces of a site's days, for good. One is always held back while more may come.

A piece that was shown never changes; what comes late for its days is in the block's total, and in no piece. The rules
are in `plan`, which knows no database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from dashboard import lives, schema
from dashboard.blocks import GRACE, Published
from dashboard.blocks_stored import NAMES
from dashboard.crossing import Told, give_away
from dashboard.stretches import joined
from ratings.period import Grain, Period, period_of
from ratings.pooling import Piece, hold_one_back
from ratings.scale import ZERO, add
from ratings.table import Slice

Pieces = Mapping[str, Sequence[Piece]]
"""The pieces that terminals have released, by terminal and in order."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece as it was published, and the terminals that are in it."""

    piece: Piece
    terminals: tuple[str, ...]

    @property
    def days(self) -> Period:
        """The days it is about."""
        return self.piece.days


def plan(
    before: Sequence[Shown],
    pieces: Pieces,
    live: Collection[str],
    blocks: Sequence[Published],
    today: date,
    threshold: int,
) -> list[Shown]:
    """The pieces to be shown beside those of `before`.

    Of months in no block: as far as all terminals have come that sent any, but for those that are `live`, whose
    running counts are seen anyway.
    """
    made: list[Shown] = []
    for block in blocks:
        made += _of_block(before, pieces, block, today, threshold)
    closed = {each: some for each, some in pieces.items() if each not in live}
    for month in sorted({period_of(Grain.MONTH, piece.days.first) for some in closed.values() for piece in some}):
        if not any(block.days.overlaps(month) for block in blocks):
            there = _inside(month, closed)
            until = min(some[-1].days.last for some in there.values())
            # What only some have sent waits: shown with and without the others' it would tell what those others are.
            unseen = [piece for piece in _unseen(before, there, month) if piece.days.last <= until]
            made += _named(hold_one_back(unseen, threshold, complete=False)[0], there)
    return made


def _of_block(before: Sequence[Shown], pieces: Pieces, block: Published, today: date, threshold: int) -> list[Shown]:
    """What is still to be shown of a block's days. Where the books do not balance, one piece is held back for good."""
    groups = [(group.terminals, group.counts) for group in block.groups]
    members = {each for terminals, _ in groups for each in terminals}
    there = _inside(block.days, {each: some for each, some in pieces.items() if each in members})
    unseen = _unseen(before, there, block.days)
    if not unseen or not all(group.n for group in block.groups):
        return []
    shown = [each for each in before if block.days.covers(each.days)]
    balanced = all(members >= set(each.terminals) for each in shown) and add(*(counts for _, counts in groups)) == add(
        ZERO, *(each.piece.counts for each in shown), *(each.counts for each in unseen)
    )
    if not balanced and today <= block.days.last + GRACE:
        return []  # Some of it may still be on its way.
    gathered = hold_one_back(unseen, threshold, complete=balanced)[0]
    made = _named(gathered, there)
    if any(piece.n < threshold for piece in gathered) or give_away(groups, told([*shown, *made], pieces), threshold):
        return []
    return made


def told(shown: Iterable[Shown], pieces: Pieces) -> list[Told]:
    """What was shown, with what each terminal has in it."""
    return [
        Told(each.days, each.piece.counts, {name: _sum(pieces.get(name, ()), each.days) for name in each.terminals})
        for each in sorted(shown, key=lambda each: each.days)
    ]


def _sum(pieces: Sequence[Piece], days: Period) -> tuple[int, int, int, int]:
    return add(ZERO, *(piece.counts for piece in pieces if days.covers(piece.days)))


def _inside(days: Period, pieces: Pieces) -> dict[str, list[Piece]]:
    found = {each: [piece for piece in some if days.covers(piece.days)] for each, some in pieces.items()}
    return {each: some for each, some in found.items() if some}


def _unseen(before: Sequence[Shown], there: Pieces, days: Period) -> list[Piece]:
    """Pieces of several terminals, coarsened to common unions of their days, after the last one that was shown."""
    seen = max((each.days.last for each in before if days.covers(each.days)), default=None)
    common = joined(piece for some in there.values() for piece in some)
    return [piece for piece in common if seen is None or piece.days.first > seen]


def _named(gathered: Iterable[Piece], there: Pieces) -> list[Shown]:
    return [
        Shown(piece, tuple(sorted(each for each, some in there.items() if sum(_sum(some, piece.days)))))
        for piece in gathered
    ]


def released(connection: Connection, site_id: int, question: str, today: date) -> dict[str, list[Piece]]:
    """The pieces of a site's closed days, by terminal and in order, epochs summed where their days agree."""
    table = schema.released.c
    rows = connection.execute(
        select(table.terminal_id, table.epoch, table.first_day, table.last_day, *(table[name] for name in NAMES))
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id == site_id)
        .where(table.slice == str(Slice.TREND), table.question == question, table.last_day < today)
    )
    found: dict[str, dict[str, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for terminal, epoch, first, last, a, b, c, d in rows:
        found[terminal][epoch].append(Piece(Period(first, last), (int(a), int(b), int(c), int(d))))
    return {terminal: lives.together(epochs.values()) for terminal, epochs in found.items()}


def keeping(connection: Connection, terminals: Collection[str], question: str, days: Period) -> set[str]:
    """Which of some terminals have released any piece of some days. No count is in it."""
    table = schema.released.c
    return set(
        connection.scalars(
            select(table.terminal_id)
            .where(table.slice == str(Slice.TREND), table.question == question, table.terminal_id.in_(terminals))
            .where(table.first_day <= days.last, table.last_day >= days.first)
            .distinct()
        )
    )


def stored(
    connection: Connection, site_ids: Sequence[int], question: str, days: Period | None = None
) -> dict[int, list[Shown]]:
    """What was published for some sites (of some days), each site's pieces by day. Sites without any are left out."""
    table = schema.trend_piece.c
    wanted = select(schema.trend_piece).where(table.site_id.in_(site_ids), table.question == question)
    if days is not None:
        wanted = wanted.where(table.first_day <= days.last, table.last_day >= days.first)
    found: dict[int, list[Shown]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(table.first_day)):
        counts = (row.very_unhappy, row.unhappy, row.happy, row.very_happy)
        terminals = tuple(json.loads(row.terminals))
        found[row.site_id].append(Shown(Piece(Period(row.first_day, row.last_day), counts), terminals))
    return dict(found)


def apply(connection: Connection, site_id: int, question: str, made: Sequence[Shown]) -> None:
    """Write what `plan` came to."""
    for each in made:
        connection.execute(
            insert(schema.trend_piece).values(
                site_id=site_id,
                question=question,
                first_day=each.days.first,
                last_day=each.days.last,
                terminals=json.dumps(each.terminals),
                **dict(zip(NAMES, each.piece.counts, strict=True)),
            )
        )
