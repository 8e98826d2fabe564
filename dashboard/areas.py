"""Arranging sites in a tree of areas: putting a site into one, moving, renaming and removing areas.

Areas are named by their path, such as `Oslo / Sentrum`. Nothing here changes a count, or what may be shown of a site:
a figure of several sites is the sum of what each shows. Knows no counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from dashboard import schema

DEEPEST = 6
"""So many areas lie in each other at most: beyond that a page is no tree to look at any more."""

SEPARATOR = "/"


class AreaError(Exception):
    """What cannot be arranged so; the text says why, and what there is."""


@dataclass(frozen=True, slots=True)
class Branch:
    """An area as it is arranged, also an empty one. `path`: the names from the root to it."""

    id: int
    path: tuple[str, ...]
    sites: tuple[str, ...]


def listing(connection: Connection) -> list[Branch]:
    """All areas with the sites that are in them directly, each after the one that it is in."""
    rows = {row.id: row for row in connection.execute(select(schema.area))}
    sites: dict[int, list[str]] = {}
    placed, site = schema.placed.c, schema.site.c
    for area_id, name in connection.execute(
        select(placed.area_id, site.name).join(schema.site, site.id == placed.site_id).order_by(site.name)
    ):
        sites.setdefault(area_id, []).append(name)

    def path(id_: int) -> tuple[str, ...]:
        row = rows[id_]
        return (*(path(row.parent) if row.parent is not None else ()), row.name)

    found = [Branch(id_, path(id_), tuple(sites.get(id_, ()))) for id_ in rows]
    return sorted(found, key=lambda branch: branch.path)


def put(connection: Connection, site_names: Sequence[str], path: str | None) -> tuple[str, ...]:
    """Put sites into an area, which is made if new, or (`None`) at the root. Returns the area's path.

    Raises AreaError, and then nothing was changed if the caller's transaction is rolled back.
    """
    site = schema.site.c
    ids = []
    for name in site_names:
        id_ = connection.scalar(select(site.id).where(site.name == name))
        if id_ is None:
            known = connection.scalars(select(site.name).order_by(site.name)).all()
            raise AreaError(f"there is no site {name[:80]!r}; there are: {_some(known)}")
        ids.append(id_)
    area_id: int | None = None
    names = _parts(path) if path is not None else ()
    for depth in range(len(names)):
        area_id = _child(connection, area_id, names[depth]) or _make(connection, area_id, names[depth])
    connection.execute(delete(schema.placed).where(schema.placed.c.site_id.in_(ids)))
    if area_id is not None:
        connection.execute(insert(schema.placed), [{"site_id": each, "area_id": area_id} for each in set(ids)])
    return names


def move(connection: Connection, path: str, new: str) -> None:
    """Give an area another name, another place in the tree, or both, with all that is in it. Raises AreaError.

    Its address stays. The area that it is moved into has to be there.
    """
    id_, old, wanted = find(connection, path), _parts(path), _parts(new)
    if len(wanted) > len(old) and wanted[: len(old)] == old:
        raise AreaError(f"{path[:80]!r} cannot be moved into itself; name another place")
    parent = find(connection, SEPARATOR.join(wanted[:-1])) if wanted[:-1] else None
    if _child(connection, parent, wanted[-1]) not in (None, id_):
        raise AreaError(f"there is already an area {new[:80]!r}; put the sites into it, and remove this one")
    height = max(len(each.path) for each in listing(connection) if each.path[: len(old)] == old) - len(old)
    _allow(len(wanted) + height)
    connection.execute(update(schema.area).where(schema.area.c.id == id_).values(name=wanted[-1], parent=parent))


def remove(connection: Connection, path: str) -> None:
    """Remove an area in which there is nothing. Raises AreaError."""
    id_ = find(connection, path)
    areas = connection.scalar(select(func.count()).select_from(schema.area).where(schema.area.c.parent == id_))
    sites = connection.scalar(select(func.count()).select_from(schema.placed).where(schema.placed.c.area_id == id_))
    if areas or sites:
        raise AreaError(f"{path[:80]!r} is not empty; put its sites elsewhere and move its areas, then remove it")
    connection.execute(delete(schema.area).where(schema.area.c.id == id_))


def find(connection: Connection, path: str) -> int:
    """The number of an area. Raises AreaError where there is none of that path."""
    id_: int | None = None
    for name in _parts(path):
        id_ = _child(connection, id_, name)
        if id_ is None:
            paths = [" / ".join(branch.path) for branch in listing(connection)]
            raise AreaError(f"there is no area {path[:80]!r}; there are: {_some(paths)}")
    assert id_ is not None
    return id_


def _parts(path: str) -> tuple[str, ...]:
    """The names in a path. Raises AreaError where one of them is not allowed."""
    names = tuple(name.strip() for name in path.split(SEPARATOR))
    if any(not 0 < len(name) <= 200 or not name.isprintable() for name in names):
        raise AreaError(
            f"the area {path[:80]!r} is not allowed; allowed: names of 1 to 200 characters in one line, such as "
            "'Oslo / Sentrum', with a '/' between those that lie in each other"
        )
    _allow(len(names))
    return names


def _allow(depth: int) -> None:
    if depth > DEEPEST:
        raise AreaError(f"no more than {DEEPEST} areas may lie in each other; arrange them flatter")


def _child(connection: Connection, parent: int | None, name: str) -> int | None:
    area = schema.area.c
    # `IS NULL` where there is no parent.
    return connection.scalar(select(area.id).where(area.parent == parent, area.name == name))


def _make(connection: Connection, parent: int | None, name: str) -> int:
    made = connection.execute(insert(schema.area).values(name=name, parent=parent)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _some(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, not too many of them."""
    shown = ", ".join(names[:most]) or "none"
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
