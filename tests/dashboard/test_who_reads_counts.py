"""Only the keepers of the disclosure rules read counts: anything else in the dashboard goes through them."""

import ast
import re
from pathlib import Path

import pytest

import dashboard
import fjes

WRITERS = {"schema.py", "store.py"}
PUBLISHERS = {"blocks.py", "trends.py", "slices.py", "publishing.py"}
SHOWS = {"disclosure.py", "splits.py"}
COMPARES = {"balance.py"}
"""Says whether a terminal's tables add up, and gives out no count."""
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


def test_nothing_else_in_the_dashboard_reads_counts() -> None:
    root = Path(dashboard.__file__).parent
    files = [path for path in root.rglob("*.py") if "migrations" not in path.parts and path.name not in KEEPERS]
    # The command that prints figures, too.
    files += (Path(fjes.__file__).parent / "commands").glob("report.py")
    assert files
    assert [str(path.relative_to(root.parent)) for path in files if reads_counts(path.read_text("utf-8"))] == []
