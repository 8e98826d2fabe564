"""At each figure a link says how it is computed: it leads to the formula, and the sums in it come out as they say."""

import html
import math
import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import g, render_template_string
from playwright.sync_api import Browser
from sqlalchemy import Engine

from dashboard.language import words
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.scale import Counts
from tests.dashboard.filling import Filling, day

TODAY = day("2022-04-12")
MONTHS: dict[str, Counts] = {
    "2021-03": (40, 30, 20, 10),
    "2022-01": (1900, 1800, 2500, 5300),
    "2022-02": (13, 5, 8, 19),
    "2022-03": (24, 5, 12, 28),
}


@pytest.fixture
def sample(sqlite: Filling) -> Filling:
    stua = sqlite.terminal("Stua")
    for month, counts in MONTHS.items():
        sqlite.month(stua, month, counts)
    for days in ("2022-04-01/2022-04-03", "2022-04-04/2022-04-10"):
        sqlite.trend(stua, days, (1, 1, 4, 6))
    return sqlite


def page(filling: Filling, address: str) -> str:
    app = create_app(filling.engine, Dashboard(), today=lambda: TODAY)
    return app.test_client().get(address).get_data(as_text=True)


def sums(text: str) -> Iterator[str]:
    """What is put into the formulas, as plain text."""
    for found in re.findall(r'<span class="sum">(.*?)</span>', text, re.DOTALL):
        yield re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", "", found)))


def reckon(formula: str, code: str) -> list[float]:
    """What a formula comes to: Python does the sum. With ± it comes to two numbers."""
    plain = re.sub(r"[\s\u00a0,]" if code == "en" else r"[\s\u00a0]", "", formula).replace(",", ".")
    for ours, pythons in (("÷", "/"), ("×", "*"), ("−", "-"), ("²", "**2"), ("√", "root"), ("%", "")):
        plain = plain.replace(ours, pythons)
    return [eval(plain.replace("±", sign), {"root": math.sqrt, "__builtins__": {}}) for sign in "-+"]


@pytest.mark.parametrize("code", ["nb", "en"])
@pytest.mark.parametrize("month", [*MONTHS, ""])
def test_every_sum_comes_out_as_it_says(sample: Filling, code: str, month: str) -> None:
    checked = 0
    for text in sums(page(sample, f"/site-1?lang={code}&month={month}")):
        if "=" not in text:
            continue
        formula, result = text.split(": ")[-1].split(" = ")
        percent = result.endswith("%")
        said = [reckon(each, code)[0] for each in result.replace("%", "").split("–")]
        found = [each * (100 if percent else 1) for each in reckon(formula, code)]
        tolerance = 0.0501 if "÷" in formula and "√" not in formula else 0.11
        assert found[0] == pytest.approx(said[0], abs=tolerance), text
        assert found[-1] == pytest.approx(said[-1], abs=tolerance), text
        checked += 1
    assert checked >= 10


def test_the_change_is_explained_with_its_interval_and_what_follows_from_it(sample: Filling) -> None:
    text = " ".join(sums(page(sample, "/site-1?lang=en")))
    # March 40 of 69, February 27 of 45; a year before 30 of 100.
    assert "57.97 − 60.00 = −2.03" in text
    assert "57.97 − 30.00 = 27.97" in text
    assert text.index("Zero is in it") < text.index("57.97 − 30.00") < text.index("Zero is not in it")


def test_each_figure_has_a_link_to_an_explanation_that_is_there_and_says_of_which_figure(sample: Filling) -> None:
    text = page(sample, "/site-1?lang=en")
    links = re.findall(
        r'<a class="how-link" href="#([\w-]+)">How this is computed<span class="unseen">: (.*?)</span>', text
    )
    assert [name for name, _ in links] == [
        *("how-satisfied", "how-very-satisfied", "how-among", "how-before", "how-last-year"),
        *("how-answers", "how-so-far", "how-months", "how-months"),
    ]
    assert len({figure for _, figure in links}) == len(links)
    assert all(text.count(f'id="{name}"') == 1 for name, _ in links)


@pytest.mark.parametrize("script", [True, False])
def test_a_link_opens_its_explanation(
    sample: Filling, served: Callable[[Engine, date], str], browser: Browser, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script, locale="en-GB")
    shown = context.new_page()
    shown.goto(served(sample.engine, TODAY))
    assert not shown.locator("#how-before").is_visible()
    shown.locator('a[href="#how-before"]').click()
    shown.locator("#how-before").wait_for(state="visible")
    assert shown.get_by_text("57.97 − 60.00").is_visible()
    context.close()


def test_a_hidden_share_is_explained_without_its_number(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (20, 10, 3, 4))
    found = page(sqlite, "/site-1?lang=en")
    among = found[found.index('id="how-among"') :].split("</dd>")[0]
    assert "hidden to protect visitors" in among
    assert "÷ (3 + 4)" not in among


def test_a_figure_in_bands_is_explained_by_its_bands_alone(sqlite: Filling) -> None:
    app = create_app(sqlite.engine, Dashboard())
    with app.test_request_context():
        g.words = words("en")
        text = render_template_string(
            '{% from "how.html" import explained_in_bands with context %}'
            '{{ explained_in_bands("hours", "Satisfied", "(happy + very happy) ÷ all ratings", 10) }}'
        )
    assert "10–14, 15–19, 20–29, 30–49, 50–99, 100 or more" in text
    assert 'id="how-hours"' in text
    assert "=" not in re.sub("<[^>]*>", "", text)
