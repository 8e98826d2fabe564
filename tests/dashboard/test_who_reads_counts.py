"""Only the keepers of the disclosure rules read counts: anything else in the dashboard goes through them."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import dashboard
import fjes

WRITERS = {"schema.py", "store.py"}
PUBLISHERS = {"blocks.py", "trends.py", "slices.py", "publishing.py"}
SHOWS = {"disclosure.py", "splits.py"}
COMPARES = {"balance.py"}
"""Says whether a terminal's tables add up, and gives out no count."""
AUDITS = {"audit.py", "audit_evidence.py", "audit_bounds.py", "audit_swaps.py", "audit_memory.py"}
"""Reckon with counts, and say only what follows from what was published."""
KEEPERS = WRITERS | PUBLISHERS | SHOWS | COMPARES
"""Who may name the tables of counts. Migrations make them and read none."""

TABLES = {"released", "block_group", "earlier_group", "trend_piece", "slice_unit"}
SQL = re.compile(rf"\b(from|join|update|into)\s+[\"`]?({'|'.join(TABLES)})\b", re.IGNORECASE)


def reads_counts(source: str) -> bool:
    """Whether a module names a table of counts: as an attribute, as an import, or in SQL of its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in TABLES and ast.unparse(node.value).endswith("schema"):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "dashboard.schema" and _names(node) & (TABLES | {"*"}):
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
            return True
    return False


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


@pytest.mark.parametrize(
    "source",
    [
        "from dashboard import schema\nselect(schema.released)",
        "import dashboard.schema\nprint(dashboard.schema.released.c.happy)",
        "from dashboard.schema import site, released",
        "from dashboard.schema import *",
        "connection.execute(text('SELECT sum(happy) FROM released'))",
        "connection.execute(text('select 1 from block join \"block_group\" using (id)'))",
    ],
)
def test_the_check_finds_one_who_reads_counts(source: str) -> None:
    assert reads_counts(source)


def test_the_check_lets_others_pass() -> None:
    assert not reads_counts("from dashboard import schema\nselect(schema.terminal.c.release)  # what was released")


def knows_counts(source: str) -> bool:
    """Whether a module imports one that hands out counts which may not be shown."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{name}" for name in _names(node)} | {node.module}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        else:
            continue
        if names & {f"dashboard.{name.removesuffix('.py')}" for name in PUBLISHERS | AUDITS - {"audit.py"}}:
            return True
    return False


@pytest.mark.parametrize(
    "source",
    ["from dashboard import blocks as totals", "import dashboard.slices", "from dashboard.trends import released"],
)
def test_the_check_finds_one_who_asks_a_publisher(source: str) -> None:
    assert knows_counts(source)
    assert not knows_counts("from dashboard import disclosure, audit")


def files() -> list[Path]:
    """Whatever could make a page, a file, an answer or a letter: the dashboard's room and the commands."""
    rooms = (Path(dashboard.__file__).parent, Path(fjes.__file__).parent)
    found = [path for room in rooms for path in room.rglob("*.py") if "migrations" not in path.parts]
    # The demo shows nothing of it: it waits until every simulated rating has arrived.
    return [path for path in found if path.name not in KEEPERS | AUDITS and path.name != "demo.py"]


@pytest.mark.parametrize("check", [reads_counts, knows_counts])
def test_nothing_else_reads_counts(check: Callable[[str], bool]) -> None:
    assert len(files()) > 40
    assert [path.name for path in files() if check(path.read_text("utf-8"))] == []
