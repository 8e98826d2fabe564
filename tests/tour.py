"""`python -m tests.tour`: walks the pages as a new user would, and writes `docs/tour.md` with a picture of each step.

`make tour` runs this. The pages are the real ones, over the demo's history up to a day that is always the same. Figures
that the text names are read from the page as it is walked. `tests/test_tour.py` walks the same way without pictures.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from dashboard import store
from dashboard.web import create_app
from fjes import history
from ratings.config import Dashboard
from tests import tour_running
from tests.conftest import chromium
from tests.dashboard.conftest import serving
from tests.pictures import Camera, read
from tests.tour_step import NOW, SITE, Step, one_line, said

VISITS = "612"
"""What staff enter: all visits of December."""

HERE = Path(__file__).resolve().parent.parent
TEXT = HERE / "docs/tour.md"
PICTURES = HERE / "docs/tour"

HEAD = """# A tour of the pages

What somebody does who opens the pages for the first time: reads last month, compares it with last year, finds the worst
hour, makes the annual report's page, and prints it. All ratings are simulated, as in the demo: `make run` shows the
same pages, up to today.

<!-- Written by `make tour`, which walks the pages and reads the figures. Change tests/tour.py instead. -->
"""

RUNNING = """# For those who run it

The same pages, with accounts: what IT does in the first week.
"""


@contextmanager
def demo() -> Iterator[str]:
    """The pages of the demo's history, made afresh and served; gives their address."""
    with tempfile.TemporaryDirectory(prefix="fjes-tour-") as folder:
        engine = store.open_engine(f"sqlite:///{folder}/dashboard.db")
        try:
            history.fill(engine, NOW, seed=1)
            with serving(create_app(engine, Dashboard(), today=NOW.date)) as address:
                yield address
        finally:
            engine.dispose()


def walk(browser: Browser, address: str, camera: Camera) -> list[Step]:
    """All steps, one after the other, in one window and then on a phone. A step that leads nowhere is an error."""
    window = browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 900}, color_scheme="light")
    window.goto(address)
    steps = [each(window, camera) for each in (place, month, year, hour, meaning, visits, report, paper)]
    phone = browser.new_page(
        locale="nb-NO", viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True, is_mobile=True
    )
    phone.goto(address)
    steps.append(on_a_phone(phone, camera))
    for each in (window, phone):
        each.close()
    return steps


def place(page: Page, camera: Camera) -> Step:
    camera.take("place", camera.look(page, ".top", ".hero"))
    page.get_by_role("link", name=SITE, exact=True).click()
    assert said(page, "h1") == SITE
    return Step(
        "Find your place",
        "The front page is about all sites together, and says which of them cannot be shown yet. Beneath its heading"
        f" are the places in it. We work at **{SITE}**, and click on it.",
        {"place": "The front page, about all sites together"},
    )


def month(page: Page, camera: Camera) -> Step:
    camera.take("month", camera.look(page, ".hero"))
    satisfied, very, among = page.locator(".hero .value").all_inner_texts()
    base, interval, *_ = page.locator(".share.large .base").inner_text().splitlines()
    named = said(page, ".hero h2")
    return Step(
        "Read last month",
        f"The page opens with the last month that is over. In {named}, **{satisfied}** of those who answered were"
        f" satisfied: {base}. {very} were very satisfied, which is {among} of the satisfied. “{interval}” says how far"
        " chance may have moved the figure.",
        {"month": "Last month in large figures, each with its base and interval"},
        {"month": named, "satisfied": satisfied, "base": base, "very": very, "among": among},
    )


def year(page: Page, camera: Camera) -> Step:
    against = page.locator(".changes > div").last
    named, change = (one_line(against.locator(each).first.inner_text()) for each in ("dt", "dd"))
    lowest = min(
        page.locator("[aria-labelledby=months] .months tbody tr").all(), key=lambda row: _percent(row.inner_text())
    )
    dip, dip_share = (one_line(each) for each in lowest.locator("th, td").all_inner_texts()[:2])
    camera.take("year", camera.look(page, "[aria-labelledby=months]"))
    against.get_by_role("link", name="How this is computed").click()
    page.locator("#how-last-year").wait_for()
    camera.take("how", camera.look(page, "#how-last-year"))
    return Step(
        "Compare with last year",
        f"Right beneath: “{named}: {change}”. A change is called one only where chance would hardly make it. “How this"
        " is computed” leads to the formula, with the numbers put in. Further down are the thirteen months since then:"
        f" it went worst in {dip}, with {dip_share}, and then well again.",
        {"year": "Thirteen months as a line with its interval, and as a table", "how": "How the change is computed"},
        {"against": named, "change": change, "dip": dip, "dip share": dip_share},
    )


def hour(page: Page, camera: Camera) -> Step:
    page.get_by_role("link", name="Hours", exact=True).click()
    finding, months = said(page, ".finding"), said(page, ".slices .sub").split(",")[0]
    camera.take("hour", camera.look(page, ".range", ".slices"))
    return Step(
        "Find the worst hour",
        f"Under **Hours** the page says it of {months}: “{finding}” {said(page, '.finding + .note')} The hour has a"
        " frame in the map, and the table beside it has the same figures. They are told in steps of five, so that"
        " nothing can be worked out about a single visitor.",
        {"hour": "Weekdays and hours in colours and figures; the worst one is framed"},
        {"finding": finding},
    )


def meaning(page: Page, camera: Camera) -> Step:
    page.get_by_role("link", name="What the figures mean").click()
    camera.take("meaning", camera.look(page, ".top", ".lessons"))
    title = said(page, "h1")
    page.go_back()
    return Step(
        "Ask what it means",
        f"At the foot of every page, **{title}** leads to what percentages, intervals, “no clear change” and hidden"
        " figures are, on one screen.",
        {"meaning": "What a percentage, the interval, no clear change and hidden figures are"},
    )


def visits(page: Page, camera: Camera) -> Step:
    page.get_by_role("link", name="Visits", exact=True).click()
    page.get_by_label("December 2020").fill(VISITS)
    page.get_by_role("button", name="Store").click()
    assert said(page, "[role=status]") == "Stored."
    camera.take("visits", camera.look(page, ".visits"))
    page.get_by_role("link", name="Overview", exact=True).click()
    response = said(page, ".response")
    return Step(
        "Say how many came",
        f"Whoever knows how many visits there were enters it under **Visits**. With {VISITS} in December, the overview"
        f" now says: “{response}”",
        {"visits": "The form for the number of visits, month by month"},
        {"response": response},
    )


def report(page: Page, camera: Camera) -> Step:
    page.get_by_role("link", name="Annual report", exact=True).click()
    page.get_by_label("From").select_option(label="Sept 2020")
    page.get_by_label("To", exact=True).select_option(label="Dec 2020")
    page.get_by_role("button", name="Show").click()
    nb, en = (said(page, f".copy[lang={code}]") for code in ("nb", "en"))
    camera.take("report", camera.look(page, ".range", ".sheet"))
    return Step(
        "Make the annual report’s page",
        "Under **Annual report** we choose September to December 2020, and click “Show”. The page has the sentence to"
        f" copy, in both languages, and says which share is of what:\n\n> {en}\n>\n> {nb}",
        {"report": "The annual report’s page for four months"},
        {"en": en, "nb": nb},
    )


def paper(page: Page, camera: Camera) -> Step:
    button = page.get_by_role("link", name="As a PDF to print or send")
    with page.expect_download() as download:
        button.click()
    pdf = download.value.path().read_bytes()
    printed = page.pdf(prefer_css_page_size=True)
    camera.take("paper", camera.sheet(pdf), camera.sheet(printed))
    return Step(
        "Print it",
        "“As a PDF to print or send” makes one sheet of paper (left). Printed from the browser, the page is the same"
        " sheet (right): buttons and menus stay behind.",
        {"paper": "The sheet as a PDF file, and as the browser prints it"},
        {"pdf": read(pdf), "printed": read(printed)},
    )


def on_a_phone(page: Page, camera: Camera) -> Step:
    page.get_by_role("link", name=SITE, exact=True).click()
    overview = camera.look(page)
    page.get_by_text("Alle sider").click()
    menu = camera.look(page)
    page.get_by_role("link", name="Dag og time", exact=True).click()
    finding = said(page, ".finding")
    camera.take("phone", overview, menu, camera.look(page))
    return Step(
        "On the way home",
        "On a phone that is set to Norwegian, and dark in the evening, so are the pages. The menu is folded up under"
        f" “Alle sider”. “{finding}”",
        {"phone": "Three looks at a phone: the overview, the menu, and the hours"},
        {"finding": finding},
    )


def _percent(row: str) -> float:
    """The first percentage in a row of a table."""
    found = re.search(r"([\d.]+)%", row)
    assert found, row
    return float(found[1])


def written(steps: list[Step], running: list[Step]) -> str:
    """The tour as Markdown."""
    parts = [HEAD]
    for number, step in enumerate([*steps, *running], start=1):
        if number == len(steps) + 1:
            parts.append(RUNNING)
        pictures = [f"![{shows}](tour/{name}.png)" for name, shows in step.pictures.items()]
        text = "\n".join(_wrapped(line) for line in step.text.split("\n"))
        parts.append("\n\n".join([f"## {number}. {step.title}", text, *pictures]) + "\n")
    return "\n".join(parts)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 120, subsequent_indent="> " if line.startswith(">") else "", break_on_hyphens=False)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    camera = Camera(PICTURES)
    with chromium() as browser:
        with demo() as address:
            steps = walk(browser, address, camera)
        with tour_running.demo() as (address, password):
            running = tour_running.walk(browser, address, password, camera)
    TEXT.write_text(written(steps, running), "utf-8")


if __name__ == "__main__":
    main()
