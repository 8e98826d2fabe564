"""The same figures draw the same bytes: in another process, with other settings of the machine, from either database.

And a name is a name, whatever matplotlib would take it for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.text import Text

from dashboard.bands import Band
from dashboard.charts.answers import ROWS, Answers, AnswersByMonth, Stack
from dashboard.charts.bars import Bar, Bars
from dashboard.charts.beside import Line, SideBySide, sizes
from dashboard.charts.heat import Cell, HeatMap
from dashboard.charts.months import ByMonth, Point
from dashboard.charts.paper import Frame, picture
from dashboard.charts.rendering import SVG, Drawing, svg
from dashboard.charts.repeats import SIZES as REPEATS
from dashboard.charts.repeats import Bar as Repeat
from dashboard.charts.repeats import Repeats
from dashboard.charts.style import NARROW, WIDE, Size
from dashboard.charts.trend import SIZES as DAYS
from dashboard.charts.trend import OverDays
from dashboard.language import words
from dashboard.places import tree
from dashboard.statistics import Share, share
from dashboard.store import reading
from ratings.period import days, month
from tests.dashboard.filling import Filling, day
from tests.dashboard.reading import client

TODAY = day("2022-04-12")
ROOT = Path(__file__).resolve().parents[2]
MATHEMATICS = [r"$\frac{1}{2}$", "a_b^c", "$x$", "$", "$$", r"\alpha $_{a}^{b}$", "$x", "%$%_^{}~#&"]
"""What matplotlib would set as mathematics, or fail at."""

MACHINE = """
text.usetex: True
font.size: 30
font.family: serif
lines.linewidth: 9
lines.dash_capstyle: round
lines.antialiased: False
patch.antialiased: False
path.sketch: 1, 100, 2
axes.unicode_minus: False
savefig.bbox: tight
savefig.transparent: True
savefig.facecolor: red
figure.facecolor: red
svg.image_inline: False
pdf.compression: 0
"""
"""A `matplotlibrc` of somebody who draws other things on the same machine."""


def of(k: int, n: int) -> Share:
    found = share(k, n)
    assert found is not None
    return found


def drawings(name: str = "Pro Sentret") -> list[tuple[Drawing, Size]]:
    """Each kind of drawing in each of its sizes, with a name wherever one can be."""
    january, february, march = (month(2022, number) for number in (1, 2, 3))
    points = Point(january, of(30, 40)), Point(february, of(9, 12))
    stacks = Stack(january, (24, 5, 12, 28)), Stack(february, (0, 0, 3, 9))
    lines = Line(name, 0, True, of(60, 80)), Line(name, 1, False, of(5, 10), "i januar"), Line(name, 1, False, None)
    bars = Bars("reasons", name, (Bar(name, name, name, 80, 85), Bar("b", "70 %", "n", 60, 80, 70.0)))
    heat = HeatMap((Cell(1, 1, 9, 10, 90, name, name, True), Cell(2, 3, 9, 11, 40, "40", "40 %")), name)
    bands = Band(0, 0), Band(1, 9), Band(10, None)
    trend = tuple(Point(days(day(f"2022-03-{n:02}"), day(f"2022-03-{n + 6:02}")), of(n, 20)) for n in (1, 8, 15))
    each: list[tuple[Drawing, tuple[Size, ...]]] = [
        (ByMonth(points, (march,)), (WIDE, NARROW)),
        (AnswersByMonth(stacks, (march,)), (WIDE, NARROW)),
        (Answers(march, (1, 2, 3, 4)), (ROWS,)),
        (OverDays(march, trend, (days(day("2022-03-22"), day("2022-03-31")),), day("2022-03-01")), DAYS),
        (SideBySide(march, lines), sizes(lines)),
        (bars, bars.sizes),
        (heat, heat.sizes),
        (Repeats((Repeat(january, bands[1]), Repeat(february, bands[0]), Repeat(march, None)), bands), REPEATS),
    ]
    return [(drawing, size) for drawing, some in each for size in some]


def frame(name: str = "Pro Sentret") -> Frame:
    return Frame(name, (name,), name, (name, name))


def sums() -> list[str]:
    """A checksum of each drawing, in a page and (the wide ones) as each kind of file, of what this process draws."""
    found = []
    for drawing, size in drawings():
        contents = {"page": svg(drawing, "nb", size).encode()}
        if size.name == WIDE.name:
            contents |= {kind: picture(drawing, "nb", size, frame(), kind) for kind in ("png", "svg", "pdf")}
        found += [f"{drawing.name} {size.name} {kind} {sha256(each).hexdigest()}" for kind, each in contents.items()]
    return found


def test_another_process_of_another_machine_draws_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(MACHINE)
    code = "from tests.dashboard import test_same_bytes as here; print(*here.sums(), sep='\\n')"
    outputs = []
    for number in ("1", "2"):
        settings = {"PYTHONHASHSEED": number, "TZ": f"UTC-{number}", "SOURCE_DATE_EPOCH": number}
        if number == "2":
            settings |= {"MATPLOTLIBRC": str(tmp_path), "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | settings,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.splitlines())
    assert len(outputs[0]) == 8 * 4 + 7
    assert outputs[0] == outputs[1]


def test_either_database_gives_the_same_drawing_whatever_places_are_called(filling: Filling) -> None:
    names = ["Ås", "Ærfugl", "Øst", "øst", "Vest", "vest 2", "Zoo", "a_b", "A b", "Äng", "_", "ÆRFUGL"]
    for number, name in enumerate(names[::-1]):
        filling.month(filling.terminal(f"T{number}", name), "2022-03", (0, 1, number, 40))
    with reading(filling.engine) as connection:
        found = [site.name for site in tree(connection).sites]
    assert found == ["_", "A b", "a_b", "Vest", "vest 2", "Zoo", "Äng", "ÆRFUGL", "Ærfugl", "Øst", "øst", "Ås"]
    text = client(filling, TODAY).get("/all/places/beside.svg?lang=en").get_data()
    said = ElementTree.fromstring(text).findtext(f"{{{SVG}}}desc") or ""
    assert re.findall(r"(?:^|%\. )([^:]+): \d+% of", said, re.MULTILINE)[1:] == found


@pytest.mark.parametrize("name", MATHEMATICS)
def test_a_name_is_never_taken_for_mathematics(name: str) -> None:
    for drawing, size in drawings(name):
        artists = list(drawing.artists(size, words("en")))
        assert not [each for each in artists if isinstance(each, Text) and (each.get_parse_math() or each.get_usetex())]
        root = ElementTree.fromstring(svg(drawing, "en", size))
        texts = [each.text for each in root.iter(f"{{{SVG}}}text")]
        named = [each.get_text() for each in artists if isinstance(each, Text) and name in each.get_text()]
        assert [each for each in texts if each and name in each] == named


@pytest.mark.parametrize("name", MATHEMATICS)
def test_a_name_around_a_picture_is_never_taken_for_mathematics(tmp_path: Path, name: str) -> None:
    bars, size = next(each for each in drawings(name) if isinstance(each[0], Bars))
    for kind in ("png", "svg", "pdf"):
        (tmp_path / kind).write_bytes(picture(bars, "en", size, frame(name), kind))
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "pdf", "-"], capture_output=True, check=True)
    # The title, the place, a warning, two lines of source, what the mark means, and three in the drawing.
    assert done.stdout.decode().count(name) == 9
