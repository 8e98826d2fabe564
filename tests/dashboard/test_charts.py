"""Charts: the same figures give the same bytes, say what they show, and keep a strict policy."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import dashboard
from dashboard.charts import (
    BAND,
    INK,
    LINE,
    NARROW,
    PAPER,
    SOFT_INK,
    SVG,
    TREND,
    WIDE,
    Point,
    Size,
    satisfied_by_month,
)
from dashboard.statistics import Share, share
from ratings.period import Grain, Period, month, periods_between
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


def drawn(language: str = "nb", size: Size = WIDE) -> ElementTree.Element:
    return ElementTree.fromstring(satisfied_by_month(POINTS, HIDDEN, language, size))


def parts(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if each.get("class") == kind]


def test_the_same_figures_give_the_same_bytes() -> None:
    one = satisfied_by_month(POINTS, HIDDEN, "nb", WIDE)
    satisfied_by_month.cache_clear()
    assert satisfied_by_month(POINTS, HIDDEN, "nb", WIDE) == one


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
    root = ElementTree.fromstring(satisfied_by_month(points, (), "en", WIDE))
    tops = [float((dot.get("d") or "").split()[2]) for dot in parts(root, "dot")]
    steps = [above - below for above, below in pairwise(tops)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.01)
    assert steps[0] > 0  # SVG counts downwards: the first, 0 %, is the lowest


def test_nothing_in_it_needs_a_weaker_policy_or_another_font() -> None:
    svg = satisfied_by_month(POINTS, HIDDEN, "en", WIDE)
    assert "style" not in svg
    assert "font-family" not in svg
    assert "<script" not in svg
    root = ElementTree.fromstring(svg)
    assert {each.tag.removeprefix(f"{{{SVG}}}") for each in root.iter()} == {"svg", "title", "desc", "path", "text"}


def test_one_single_month_can_be_drawn() -> None:
    root = ElementTree.fromstring(satisfied_by_month(POINTS[:1], (), "en", NARROW))
    assert len(parts(root, "dot")) == 1
    assert not parts(root, "line")


def test_page_and_kiosk_have_the_same_faces_and_the_chart_the_pages_colours() -> None:
    style = (Path(dashboard.__file__).parent / "static/fjes.css").read_text("utf-8")
    for score, skin in theme.SKINS.items():
        for name, colour in ((f"fill-{score:d}", skin.fill), (f"rim-{score:d}", skin.edge)):
            assert f"--{name}: #{bytes(colour.rgb).hex()};" in style
    for name, value in {
        "ink": INK,
        "soft": SOFT_INK,
        "line": LINE,
        "card": PAPER,
        "band": BAND,
        "trend": TREND,
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
