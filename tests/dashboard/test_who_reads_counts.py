"""Only the keepers of the disclosure rules read counts: anything else in the dashboard goes through them.

Held by reading every module of the dashboard and of the commands, since nobody would see on a page where its figures
come from. It cannot stop somebody who wants to get round it, but whoever does so must see that they do.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dashboard
import fjes
from dashboard import disclosure, schema

ROOMS = {"dashboard": Path(dashboard.__file__).parent, "fjes": Path(fjes.__file__).parent}

WRITERS = {"dashboard.schema", "dashboard.store"}
PUBLISHERS = {
    "dashboard.blocks",
    "dashboard.blocks_stored",
    "dashboard.trends",
    "dashboard.slices",
    "dashboard.slices_stored",
    "dashboard.publishing",
    "dashboard.repeats",
}
SHOWS = {"dashboard.disclosure", "dashboard.totals", "dashboard.beside", "dashboard.splits"}
COMPARES = {"dashboard.balance"}
"""Says whether a terminal's tables add up, and gives out no count."""
COPIES = {"dashboard.backup", "dashboard.restore"}
"""From the database to a file for those who have the database anyway, and back; they show nobody anything."""
AUDITS = {
    "dashboard.audit",
    "dashboard.audit_evidence",
    "dashboard.audit_bounds",
    "dashboard.audit_classes",
    "dashboard.audit_swaps",
    "dashboard.audit_system",
    "dashboard.audit_memory",
}
"""Reckon with counts, and say only what follows from what was published."""
KEEPERS = WRITERS | PUBLISHERS | SHOWS | COMPARES | COPIES | AUDITS
"""Who may read counts. Migrations, too: they make the tables, and have no way to anybody's eyes."""
WITHOUT_VISITORS = {"fjes.demo"}
"""Shows no count that it reads: it waits until every simulated rating has arrived."""

GIVES_OUT = {
    "dashboard.disclosure": set(disclosure.__all__),
    "dashboard.audit": {"Audit", "Finding", "Remembered", "audit"},
    "dashboard.audit_memory": {"ForgottenError", "load", "save"},
    "dashboard.balance": {"Imbalance", "imbalances"},
    "dashboard.backup": {"BackupError", "Manifest", "MANIFEST", "name_at", "tidy", "write"},
    "dashboard.restore": {"check", "is_empty", "put_back"},
}
"""What others may have of those keepers that give out anything. Of the writers: all but tables of counts."""

TABLES = {"released", "block_group", "earlier_group", "trend_piece", "slice_unit", "slice_sum"}
PLAIN_WORDS = {"released"}
"""Tables whose name may stand in a sentence."""
SQL = re.compile(
    rf"\b(from|join|update|into|table)\s+([\w\"`]+\.)?[\"`]?({'|'.join(TABLES)})\b"
    rf"|\bfrom\b[^.;]*,\s*[\"`]?({'|'.join(TABLES)})\b"
    rf"|\b({'|'.join(TABLES - PLAIN_WORDS)})\b",
    re.IGNORECASE,
)
OPEN_ENDED = re.compile(r"\A\s*select\b.*\b(from|join)\s*\Z", re.IGNORECASE | re.DOTALL)
"""A query of a table that is named somewhere else."""
BY_NAME = {"metadata", "import_module", "__import__", "literal_column", "MetaData"}
"""Ways to a table, or to a module, by a name that is put together somewhere else."""

WHAT_TO_DO = (
    "reads counts past the disclosure rules. Take the figures from dashboard/disclosure.py: what it gives out may be "
    "shown to anybody. If it lacks something, add it there, with the rule by which it may be shown in "
    "docs/disclosure.md and a case for the audit. If the module shows nobody anything, name it in "
    "tests/dashboard/test_who_reads_counts.py, with the reason"
)


def reads_counts(source: str) -> Iterator[str]:
    """Each place at which a module names a table of counts, or asks a keeper for what it does not give out."""
    tree = ast.parse(source)
    known = _imported(tree)
    for name in known.values():
        if name.split(".")[-1] in BY_NAME or not _is_given_out(name):
            yield name
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=attr):
                name = _full_name(node, known)
                if attr in TABLES or attr in BY_NAME or not _is_given_out(name):
                    yield name
            case ast.Name(id=name) if name in BY_NAME:
                yield name
            case ast.Constant(value=str(text)):
                # A name by itself is one for getattr, or the end of a query that is put together.
                if SQL.search(text) or OPEN_ENDED.search(text) or text in KEEPERS | TABLES:
                    yield repr(text)


def _imported(tree: ast.AST) -> dict[str, str]:
    """What a module's names stand for, by its imports."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                known[each.asname or each.name] = each.name
        elif isinstance(node, ast.ImportFrom):
            # Relative imports are of the dashboard's own room: the commands are two deep, and have none.
            module = ".".join(filter(None, ["dashboard" if node.level else "", node.module]))
            for each in node.names:
                known[each.asname or each.name] = f"{module}.{each.name}"
    return known


def _full_name(node: ast.expr, known: dict[str, str]) -> str:
    """The dotted name of what stands there, as far as imports tell."""
    text = ast.unparse(node)
    first, _, rest = text.partition(".")
    return f"{known[first]}.{rest}" if first in known and rest else text


def _is_given_out(name: str) -> bool:
    for keeper in KEEPERS:
        if name == keeper:
            return keeper in WRITERS or keeper in GIVES_OUT
        if name.startswith(f"{keeper}."):
            what = re.split(r"\W", name.removeprefix(f"{keeper}."))[0] or "*"
            if keeper in WRITERS:
                return what not in {*TABLES, *BY_NAME, "*"}
            return what in GIVES_OUT.get(keeper, ())
    return True


@pytest.mark.parametrize(
    "source",
    [
        "from dashboard import schema\nselect(schema.released)",
        "from dashboard import schema as s\nselect(s.released.c.happy)",
        "import dashboard.schema\nprint(dashboard.schema.released.c.happy)",
        "import dashboard.schema as tables\nprint(tables.trend_piece)",
        "from dashboard.schema import site, released",
        "from dashboard.schema import released as site",
        "from dashboard.schema import *",
        "from .schema import released",
        "from . import schema\nselect(schema.released)",
        "def figures(tables):\n    return select(tables.slice_unit)",
        "from dashboard import schema\ngetattr(schema, 'released')",
        "from dashboard import schema\nschema.metadata.tables[name]",
        "from sqlalchemy import MetaData",
        "from sqlalchemy import MetaData as M\nM()",
        "connection.execute(text('SELECT sum(happy) FROM released'))",
        "connection.execute(text('SELECT sum(happy)\\n  FROM main.released'))",
        "connection.execute(text('select 1 from block join \"block_group\" using (id)'))",
        "connection.execute(text('SELECT happy FROM site, released'))",
        "connection.execute(text(f'SELECT {column} FROM released'))",
        "connection.execute(text(f'SELECT happy FROM {table}'))",
        "connection.execute(text('SELECT happy FROM ' + table))",
        "sqlite3.connect('fjes.db').execute('select cells from slice_unit')",
        "connection.exec_driver_sql('SELECT * FROM earlier_group')",
        "from dashboard import blocks as totals",
        "import dashboard.slices",
        "from dashboard.trends import released",
        "from dashboard.splits import splits",
        "from dashboard import disclosure\ndisclosure.totals.monthly(connection, 1, 'visit', today)",
        "from dashboard import disclosure\ndisclosure.schema.site",
        "from dashboard.disclosure import totals",
        "import dashboard.disclosure as d\nd._running(connection, [], 'visit', month)",
        "from dashboard import audit\naudit.slices_stored.released(connection, 1, 'visit')",
        "from dashboard.audit import judge",
        "from dashboard import audit_evidence",
        "from dashboard import balance\nbalance.schema",
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module",
        "find('dashboard.blocks')",
    ],
)
def test_the_check_finds_one_who_reads_counts(source: str) -> None:
    assert list(reads_counts(source))


@pytest.mark.parametrize(
    "source",
    [
        "from dashboard import schema\nselect(schema.terminal.c.release)  # what was released",
        "from dashboard import audit_memory, disclosure, store\ndisclosure.blocks(connection)\nstore.reading(engine)",
        "from dashboard.audit import audit\naudit(connection, moment, 10).findings",
        "from dashboard.disclosure import Block, Shown",
        "click.echo('Figures are made from what terminals have released.')",
        "from dashboard.overview import overview",
    ],
)
def test_the_check_lets_others_pass(source: str) -> None:
    assert list(reads_counts(source)) == []


def test_the_tables_with_counts_are_all_known_here() -> None:
    """Whoever adds a table with counts adds it here, too."""
    counting = {"very_happy", "cells"}
    assert {name for name, table in schema.metadata.tables.items() if counting & set(table.c.keys())} == TABLES


def modules() -> dict[str, Path]:
    """Whatever could make a page, a file, an answer or a letter: the dashboard's room and the commands."""
    found = {
        ".".join((room, *path.relative_to(folder).with_suffix("").parts)): path
        for room, folder in ROOMS.items()
        for path in folder.rglob("*.py")
    }
    return {name: path for name, path in found.items() if not name.startswith("dashboard.migrations.")}


def test_every_keeper_exists() -> None:
    """Else a module of another time would be let pass for ever."""
    assert modules().keys() >= KEEPERS | WITHOUT_VISITORS


@pytest.mark.parametrize("name", sorted(modules().keys() - KEEPERS - WITHOUT_VISITORS))
def test_nothing_else_reads_counts(name: str) -> None:
    places = list(reads_counts(modules()[name].read_text("utf-8")))
    assert not places, f"{name} {WHAT_TO_DO}. It names {', '.join(places)}"
