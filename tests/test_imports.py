"""The import rules of the rooms, held by reading every Python file of ours; nothing is imported for it.

Imports inside functions count as much as those at the top, and so does `importlib.import_module("a name")`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent

# A room, and which other rooms it may import. Top-level folders that are not listed hold no Python.
MAY_IMPORT = {
    "ratings": set[str](),
    "hardware": {"ratings"},
    "terminal": {"hardware", "ratings"},
    "dashboard": {"ratings"},
    "fjes": {"dashboard", "hardware", "ratings", "terminal"},
    "bench": {"dashboard", "fjes", "hardware", "ratings", "terminal"},
    "image": {"ratings", "terminal"},
    "tests": {"dashboard", "fjes", "hardware", "ratings", "terminal", "bench", "image"},
}

# A part that only some places know. Tests press, watch and overhear all of them.
ONLY_IN = {
    "kivy": ("terminal/kiosk/",),
    "gpiozero": ("hardware/",),
    "lgpio": ("hardware/",),
    "paho": ("terminal/courier.py", "dashboard/ingest.py"),
}
EXEMPT = ("tests/", "bench/")

RATINGS_MAY_USE = {*sys.stdlib_module_names, "msgspec", "ratings"}

NOT_OURS = {"build", "dist"}


def problems(root: Path) -> list[str]:
    """What breaks a rule: file, line, and the rule in words."""
    found: list[str] = []
    for file in _files(root):
        path = file.relative_to(root)
        room = path.parts[0]
        if room not in MAY_IMPORT:
            found.append(f"{path}: Python in a place that is no room; rooms are {', '.join(MAY_IMPORT)}")
            continue
        for line, name in imports(ast.parse(file.read_bytes(), str(path)), path):
            found += [f"{path}:{line}: {rule}" for rule in broken(path.as_posix(), room, name)]
    return found


def _files(root: Path) -> Iterator[Path]:
    """All Python of ours. What was built, of which there may be whole file systems, is not entered."""
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NOT_OURS:
            yield from sorted(entry.rglob("*.py"))
        elif entry.suffix == ".py":
            yield entry


def imports(tree: ast.AST, path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a file imports, wherever in it."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for each in names:
                    yield node.lineno, each.name
            case ast.ImportFrom(module=module, names=names, level=level):
                package = ".".join([*path.parts[: len(path.parts) - level], *([module] if module else [])])
                whole = package if level else module or ""
                for each in names:
                    yield node.lineno, f"{whole}.{each.name}"
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def broken(path: str, room: str, name: str) -> Iterator[str]:
    """The rules that one import breaks."""
    top = name.partition(".")[0]
    if name.endswith(".*"):
        yield f"`from {name[:-2]} import *` hides where a name comes from"
    if name == "pylab" or name.startswith("matplotlib.pyplot"):
        yield "pyplot keeps figures in a global; use matplotlib.figure.Figure"
    if top in MAY_IMPORT and top != room and top not in MAY_IMPORT[room]:
        yield f"{room} may not import {top}"
    if room == "ratings" and top not in RATINGS_MAY_USE and top not in MAY_IMPORT:
        yield f"ratings may use the standard library and msgspec, not {top}"
    if path.startswith(EXEMPT):
        return
    if top in ONLY_IN and not path.startswith(ONLY_IN[top]):
        yield f"only {' and '.join(ONLY_IN[top])} may import {top}"
    if room == "terminal" and name.startswith("terminal.kiosk") and not path.startswith("terminal/kiosk/"):
        yield "only the kiosk may import the kiosk: the rest of the terminal runs without a window"


def test_every_file_of_ours_keeps_the_import_rules() -> None:
    assert problems(HERE) == []


def test_every_room_is_read() -> None:
    read = {file.relative_to(HERE).parts[0] for room in MAY_IMPORT for file in (HERE / room).rglob("*.py")}
    assert {"ratings", "hardware", "terminal", "dashboard", "fjes", "tests"} <= read


@pytest.mark.parametrize(
    ("path", "line", "rule"),
    [
        ("ratings/table.py", "import terminal", "ratings may not import terminal"),
        ("ratings/table.py", "import numpy", "standard library and msgspec, not numpy"),
        ("hardware/leds.py", "from dashboard.store import Store", "hardware may not import dashboard"),
        ("terminal/release.py", "from dashboard import store", "terminal may not import dashboard"),
        ("terminal/kiosk/app.py", "import fjes.cli", "terminal may not import fjes"),
        ("dashboard/web.py", "from terminal import ledger", "dashboard may not import terminal"),
        ("dashboard/web.py", "from hardware.buttons import Buttons", "dashboard may not import hardware"),
        ("terminal/ledger.py", "from kivy.app import App", "only terminal/kiosk/ may import kivy"),
        ("fjes/demo.py", "import kivy", "only terminal/kiosk/ may import kivy"),
        ("terminal/kiosk/app.py", "import gpiozero", "only hardware/ may import gpiozero"),
        ("terminal/kiosk/app.py", "from paho.mqtt import client", "terminal/courier.py and dashboard/ingest.py"),
        ("dashboard/web.py", "import paho.mqtt.client", "terminal/courier.py and dashboard/ingest.py"),
        ("terminal/ledger.py", "from .kiosk import app", "only the kiosk may import the kiosk"),
        ("terminal/kiosk/app.py", "from ...dashboard import store", "terminal may not import dashboard"),
        ("dashboard/charts.py", "from matplotlib import pyplot as plt", "pyplot"),
        ("tests/dashboard/test_charts.py", "import matplotlib.pyplot", "pyplot"),
        ("scripts/fix.py", "import os", "no room"),
    ],
)
@pytest.mark.parametrize("inside", [False, True], ids=["at the top", "in a function"])
def test_an_import_that_breaks_a_rule_is_found(tmp_path: Path, path: str, line: str, rule: str, inside: bool) -> None:
    write(tmp_path / path, f"def work():\n    {line}\n" if inside else f"{line}\n")
    (problem,) = problems(tmp_path)
    assert problem.startswith(path)
    assert rule in problem


def test_importing_everything_is_found(tmp_path: Path) -> None:
    write(tmp_path / "tests/test_all.py", "from ratings.table import *\n")
    assert problems(tmp_path) == ["tests/test_all.py:1: `from ratings.table import *` hides where a name comes from"]


def test_an_import_by_name_is_found(tmp_path: Path) -> None:
    write(tmp_path / "dashboard/web.py", 'import importlib\n\nlate = importlib.import_module("terminal.ledger")\n')
    assert problems(tmp_path) == ["dashboard/web.py:3: dashboard may not import terminal"]


def test_what_is_allowed_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "ratings/table.py", "import msgspec\nfrom datetime import date\nfrom ratings import scale\n")
    write(
        tmp_path / "terminal/kiosk/app.py",
        "import kivy\nfrom hardware.buttons import Buttons\nimport terminal.ledger\n",
    )
    write(tmp_path / "terminal/courier.py", "from paho.mqtt import client\nfrom ratings import wire\n")
    write(tmp_path / "dashboard/ingest.py", "import paho.mqtt.client\nfrom matplotlib.figure import Figure\n")
    write(tmp_path / "fjes/demo.py", "from terminal.kiosk import app\nimport dashboard.web\n")
    write(tmp_path / "tests/terminal/test_courier.py", "import paho.mqtt.client\nimport kivy\nimport gpiozero\n")
    write(tmp_path / ".venv/lib/other.py", "from kivy import *\n")
    assert problems(tmp_path) == []


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
