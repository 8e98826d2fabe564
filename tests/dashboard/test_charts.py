"""Charts: the same figures give the same bytes, say what they show, and keep a strict policy."""

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch
from matplotlib.path import Path as MatplotlibPath

import dashboard
from dashboard.charts.answers import ROWS, Answers, AnswersByMonth, Stack
from dashboard.charts.axis import BOTTOM, month_names
from dashboard.charts.fitting import width
from dashboard.charts.months import ByMonth, Point
from dashboard.charts.patterns import areas
from dashboard.charts.rendering import KINDS, SVG, Drawing, svg
from dashboard.charts.style import (
    BAND,
    FACE_INK,
    FILLS,
    INK,
    LINE,
    NARROW,
    PAPER,
    RAIL,
    RIMS,
    SOFT_INK,
    TREND,
    WIDE,
    Size,
)
from dashboard.language import words
from dashboard.statistics import Share, share
from ratings.period import Grain, Period, month, periods_between
from ratings.scale import Score
from terminal.kiosk import theme


def of(k: int, n: int) -> Share:
    found = share(k, n)
    assert found is not None
    return found


POINTS = (
    Point(month(2021, 11), of(30, 40)),
    Point(Period(month(2021, 12).first, month(2022, 1).last), of(9, 12)),
    Point(month(2022, 3), of(50, 50)),
)
HIDDEN = (month(2022, 2), month(2022, 4))
STACKED = AnswersByMonth(
    (
        Stack(month(2021, 11), (24, 5, 12, 28)),
        Stack(Period(month(2021, 12).first, month(2022, 1).last), (0, 0, 3, 9)),
        Stack(month(2022, 3), (1, 1, 1, 1)),
    ),
    HIDDEN,
)


def drawn(language: str = "nb", size: Size = WIDE) -> ElementTree.Element:
    return ElementTree.fromstring(svg(ByMonth(POINTS, HIDDEN), language, size))


def parts(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if each.get("class") == kind]


def test_the_same_figures_give_the_same_bytes() -> None:
    one = svg(ByMonth(POINTS, HIDDEN), "nb", WIDE)
    svg.cache_clear()
    assert svg(ByMonth(POINTS, HIDDEN), "nb", WIDE) == one


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_it_has_a_title_and_says_in_words_what_it_shows(size: Size) -> None:
    root = drawn(size=size)
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    texts = {each.get("id"): (each.text or "").replace("\N{NO-BREAK SPACE}", " ") for each in root if each.get("id")}
    assert [texts[each] for each in ids] == [
        "Fornøyde besøkende, november 2021–april 2022",
        "november 2021: 75 %, intervall 60–86 %. desember 2021–januar 2022: 75 %, intervall 47–91 %. "
        "mars 2022: 100 %, intervall 93–100 %. februar 2022, april 2022: skjult for å beskytte de besøkende.",
    ]


def test_every_block_is_drawn_over_its_months_and_hidden_months_are_marked() -> None:
    root = drawn()
    assert len(parts(root, "band")) == len(parts(root, "dot")) == len(parts(root, "amount")) == 3
    assert len(parts(root, "hidden")) == 2
    widths = []
    for band in parts(root, "band"):
        numbers = [float(each) for each in (band.get("d") or "").split() if each.replace(".", "").isdigit()]
        widths.append(max(numbers[::2]) - min(numbers[::2]))
    assert widths[1] > 2 * widths[0]
    assert widths[0] == pytest.approx(widths[2], abs=0.01)


def test_heights_follow_the_percentages() -> None:
    points = tuple(
        Point(each, of(k, 100))
        for each, k in zip(
            periods_between(Grain.MONTH, month(2022, 1).first, month(2022, 5).last), range(0, 101, 25), strict=True
        )
    )
    root = ElementTree.fromstring(svg(ByMonth(points, ()), "en", WIDE))
    tops = [float((dot.get("d") or "").split()[2]) for dot in parts(root, "dot")]
    steps = [above - below for above, below in pairwise(tops)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.01)
    assert steps[0] > 0  # SVG counts downwards: the first, 0 %, is the lowest


@pytest.mark.parametrize(
    "what", [ByMonth(POINTS, HIDDEN), STACKED, Answers(month(2022, 3), (24, 5, 12, 28))], ids=lambda what: what.name
)
def test_nothing_in_it_needs_a_weaker_policy_or_another_font(what: Drawing) -> None:
    drawing = svg(what, "en", WIDE)
    assert "style" not in drawing
    assert "font-family" not in drawing
    assert "<script" not in drawing
    root = ElementTree.fromstring(drawing)
    assert {each.tag.removeprefix(f"{{{SVG}}}") for each in root.iter()} == {"svg", "title", "desc", "path", "text"}


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_each_stack_is_as_high_as_all_answers_and_each_part_as_high_as_its_share(size: Size) -> None:
    root = ElementTree.fromstring(svg(STACKED, "en", size))
    bottoms = [float(each.get("y") or 0) for each in parts(root, "axis") if (each.text or "").endswith("%")]
    whole = max(bottoms) - min(bottoms)
    legend = 1
    for score in Score:
        drawn = [box for each in parts(root, f"area-{score:d}")[legend:] for box in boxes(each)]
        shares = [stack.counts[score] / sum(stack.counts) for stack in STACKED.stacks if stack.counts[score]]
        assert [top - bottom for _, bottom, _, top in drawn] == pytest.approx(
            [whole * each for each in shares], abs=0.1
        )
    # The best answers are at the bottom, where the share of the satisfied is read off the axis. SVG counts downwards.
    first = [boxes(parts(root, f"area-{score:d}")[legend])[0] for score in reversed(Score)]
    assert all(lower[1] == pytest.approx(upper[3], abs=0.01) for lower, upper in pairwise(first))


def test_what_is_drawn_of_the_answers_is_said_in_words_too() -> None:
    assert STACKED.description(words("en")) == (
        "November 2021: very happy 41%, happy 17%, unhappy 7%, very unhappy 35%. "
        "December 2021–January 2022: very happy 75%, happy 25%, unhappy 0%, very unhappy 0%. "
        "March 2022: very happy 25%, happy 25%, unhappy 25%, very unhappy 25%. "
        "February 2022, April 2022: hidden to protect visitors."
    )
    assert Answers(month(2022, 3), (24, 5, 12, 28)).description(words("en")) == (
        "Very happy: 41% (28 of 69). Happy: 17% (12 of 69). Unhappy: 7% (5 of 69). Very unhappy: 35% (24 of 69)."
    )


def box(shape: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a path."""
    return _box(shape.get("d") or "")


def boxes(shape: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """The same of each piece of a path."""
    return [_box(piece) for piece in (shape.get("d") or "").split("M")[1:]]


def _box(path: str) -> tuple[float, float, float, float]:
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", path)]
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def patterns(score: Score, x: float, y: float, width: float, height: float) -> list[MatplotlibPath]:
    """What lies on the area of an answer."""
    drawn = [each for each in areas(score, [(x, y, x + width, y + height)]) if isinstance(each, PathPatch)]
    assert [each.get_gid() for each in drawn] == [f"area-{score:d}", "pattern"][: len(drawn)]
    return [each.get_path() for each in drawn[1:]]


@given(*(st.floats(-500, 500) for _ in range(2)), *(st.floats(1, 300) for _ in range(2)))
def test_a_pattern_stays_inside_its_area(x: float, y: float, width: float, height: float) -> None:
    for score in Score:
        for path in patterns(score, x, y, width, height):
            inside = path.get_extents()
            assert x - 1e-6 <= inside.x0
            assert inside.x1 <= x + width + 1e-6
            assert y - 1e-6 <= inside.y0
            assert inside.y1 <= y + height + 1e-6


def test_the_four_answers_are_told_apart_without_colour() -> None:
    def directions(score: Score) -> set[tuple[int, int]]:
        """Which way the lines of its pattern go."""
        points = [point for path in patterns(score, 0, 0, 60, 60) for point in np.asarray(path.vertices)]
        lines = [end - start for start, end in zip(points[::2], points[1::2], strict=True)]
        return {(round(math.copysign(1, dx)), round(dy / abs(dx))) for dx, dy in lines}

    assert [directions(score) for score in reversed(Score)] == [set(), {(1, 1)}, {(1, 0)}, {(1, 1), (-1, 1)}]


def test_the_faces_are_those_of_the_pages() -> None:
    root = ElementTree.fromstring(svg(Answers(month(2022, 3), (24, 5, 12, 28)), "en", ROWS))
    markup = (Path(dashboard.__file__).parent / "templates/faces.html").read_text("utf-8")
    for kind in ("tooth", "tongue", "ink", "fill-0", "rim-3"):
        assert len(parts(root, kind)) == markup.count(f'class="{kind}"'), kind
    (left, top, right, bottom) = box(parts(root, "fill-3")[0])
    assert right - left == pytest.approx(bottom - top) == pytest.approx(38, abs=0.1)


def test_the_stylesheet_has_a_rule_for_every_kind_of_part() -> None:
    style = (Path(dashboard.__file__).parent / "static/fjes.css").read_text("utf-8")
    assert [kind for kind in KINDS if not re.search(rf"\.{kind}\b(?!-)", style)] == []


def test_one_single_month_can_be_drawn() -> None:
    root = ElementTree.fromstring(svg(ByMonth(POINTS[:1], ()), "en", NARROW))
    assert len(parts(root, "dot")) == 1
    assert not parts(root, "line")


def test_page_and_kiosk_have_the_same_faces_and_the_chart_the_pages_colours() -> None:
    style = (Path(dashboard.__file__).parent / "static/fjes.css").read_text("utf-8")
    for score, skin in theme.SKINS.items():
        for name, colour in ((f"fill-{score:d}", skin.fill), (f"rim-{score:d}", skin.edge)):
            assert f"--{name}: #{bytes(colour.rgb).hex()};" in style
    assert tuple(f"#{bytes(theme.SKINS[score].fill.rgb).hex()}" for score in Score) == FILLS
    assert tuple(f"#{bytes(theme.SKINS[score].edge.rgb).hex()}" for score in Score) == RIMS
    for name, value in {
        "ink": INK,
        "soft": SOFT_INK,
        "line": LINE,
        "card": PAPER,
        "band": BAND,
        "trend": TREND,
        "rail": RAIL,
        "face-ink": FACE_INK,
    }.items():
        assert f"--{name}: {value};" in style


def test_words_and_lines_stand_out_in_light_and_dark() -> None:
    style = (Path(dashboard.__file__).parent / "static/fjes.css").read_text("utf-8")
    light, dark = style.split("prefers-color-scheme: dark", 1)
    day = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    night = day | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark.split("*, *::before")[0]))
    for colours in (day, night):
        of = {name: theme.Colour.read(value) for name, value in colours.items()}
        for ground in ("paper", "card"):
            assert all(theme.contrast(of[each], of[ground]) >= 4.5 for each in ("ink", "soft", "link"))
        assert theme.contrast(of["ink"], of["note"]) >= 4.5
        assert theme.contrast(of["trend"], of["card"]) >= 3
        assert theme.contrast(of["trend"], of["band"]) >= 3
        assert theme.contrast(of["paper"], of["ink"]) >= 4.5


@given(st.integers(0, 11), st.integers(1, 400), st.sampled_from([200.0, 262.0, 528.0, 690.0]))
def test_names_of_months_and_years_never_lie_over_each_other(first: int, number: int, width_: float) -> None:
    years, last = divmod(first + number - 1, 12)
    months = list(periods_between(Grain.MONTH, month(2020, first + 1).first, month(2020 + years, last + 1).last))
    step = width_ / len(months)
    places = [(each, (46 + at * step, 46 + (at + 1) * step)) for at, each in enumerate(months)]
    texts: list[Any] = list(month_names(places, words("nb"), 12))
    for y in (BOTTOM - 19, BOTTOM - 37):
        row = [each for each in texts if each.get_position()[1] == y]
        edges = [(each.get_position()[0], width(each.get_text(), 12) / 2) for each in row]
        assert all(one[0] + one[1] <= other[0] - other[1] for one, other in pairwise(edges))
    said = [each.get_text() for each in texts if each.get_position()[1] == BOTTOM - 37]
    assert said
    januaries = [each for each in months if each.first.month == 1]
    if step > 4:
        # Every January has its year, also where the axis begins with the December before.
        assert set(said) >= {f"{each.first.year}" for each in januaries}
        assert len(said) == len(set(said))
