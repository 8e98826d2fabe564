"""The page, served by waitress and read by a real Chromium: its figures are those of the counts, in both languages."""

import io
import math
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont
from jinja2.ext import babel_extract
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine

import dashboard
from dashboard import language
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.scale import Counts
from tests.conftest import listens
from tests.dashboard.filling import Filling, day

TODAY = day("2022-04-12")
SAMPLE: dict[str, Counts] = {"2022-01": (19, 18, 25, 53), "2022-02": (13, 5, 8, 19), "2022-03": (24, 5, 12, 28)}
NB = "\N{NO-BREAK SPACE}"

Serve = Callable[[Engine, date], str]


@pytest.fixture
def sample(sqlite: Filling) -> Filling:
    stua = sqlite.terminal("Stua")
    for month, counts in SAMPLE.items():
        sqlite.month(stua, month, counts, repeat=(7, 0, 0, 0))
    return sqlite


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="nb-NO", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Nothing is blocked by the page's own policy, and no script fails.
    assert complaints == []


def client(filling: Filling, today: date = TODAY) -> FlaskClient:
    return create_app(filling.engine, Dashboard(), today=lambda: today).test_client()


def wilson(k: int, n: int) -> tuple[float, float]:
    """Computed apart from the code under test, in another form (Agresti and Coull 1998)."""
    z = 1.959963984540054
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return 100 * (middle - half), 100 * (middle + half)


def nb(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace(".", ",")


def table(page: Page, selector: str) -> list[list[str]]:
    rows: Any = page.locator(f"{selector} tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim()))"
    )
    return [[re.sub(r"\s+", " ", cell) for cell in row] for row in rows]


def test_the_figures_on_the_page_are_those_of_the_counts(sample: Filling, served: Serve, page: Page) -> None:
    page.goto(served(sample.engine, TODAY))
    assert page.locator("html").get_attribute("lang") == "nb"
    hero = page.locator(".hero")
    assert hero.locator("h2").inner_text() == "Mars 2022"
    # March: 24, 5, 12, 28.
    assert hero.locator(".value").all_inner_texts() == [f"58{NB}%", f"41{NB}%", f"70{NB}%"]
    bases = [each.replace(NB, " ") for each in hero.locator(".base").all_inner_texts()]
    for base, (k, n, of) in zip(
        bases, [(40, 69, "vurderinger"), (28, 69, "vurderinger"), (28, 40, "fornøyde")], strict=True
    ):
        low, high = wilson(k, n)
        assert base.split("\n")[:2] == [f"{k} av {n} {of}", f"95 %-intervall {low:.0f}–{high:.0f} %"]
    expected = [
        ["Mars 2022", *share(40, 69), "69"],
        ["Februar 2022", *share(27, 45), "45"],
        ["Januar 2022", *share(78, 115), "115"],
    ]
    assert [
        [cell.replace(NB, " ") for cell in row] for row in table(page, "[aria-labelledby=months] .months")
    ] == expected
    answers = [[cell.replace(NB, " ") for cell in row] for row in table(page, ".answers")]
    assert answers == [
        ["Svært fornøyd", "", *answer(28), "28"],
        ["Fornøyd", "", *answer(12), "12"],
        ["Misfornøyd", "", *answer(5), "5"],
        ["Svært misfornøyd", "", *answer(24), "24"],
    ]


def answer(k: int, n: int = 69) -> list[str]:
    low, high = wilson(k, n)
    return [f"{100 * k / n:.0f} % 95 %-intervall {low:.0f}–{high:.0f} %"]


def share(k: int, n: int) -> list[str]:
    low, high = wilson(k, n)
    return [f"{nb(100 * k / n, 1)} %", f"{nb(low, 1)}–{nb(high, 1)} %"]


def test_the_chart_and_the_table_beside_it_have_the_same_numbers(sample: Filling, served: Serve, page: Page) -> None:
    page.goto(served(sample.engine, TODAY))
    in_table = [
        round(float(row[1].replace(",", ".").rstrip(f" {NB}%")))
        for row in table(page, "[aria-labelledby=months] .months")
    ]
    drawn = page.locator(".chart-wide.months .amount").all_text_contents()
    assert [int(each.rstrip(f"{NB}%")) for each in drawn] == in_table[::-1] == [68, 60, 58]
    assert page.locator(".chart-wide.months").is_visible()
    assert not page.locator(".chart-narrow.months").is_visible()
    # Assistive technology is told the same.
    assert page.get_by_role("img", name=re.compile("Fornøyde besøkende")).count() == 1


def test_the_page_speaks_english_when_asked_or_when_the_browser_does(
    sample: Filling, served: Serve, page: Page, browser: Browser
) -> None:
    address = served(sample.engine, TODAY)
    page.goto(address)
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator(".hero h2").inner_text() == "March 2022"
    assert page.locator(".hero .value").first.inner_text() == "58%"
    other = browser.new_page(locale="en-GB")
    other.goto(address)
    assert other.locator("html").get_attribute("lang") == "en"
    other.close()


def test_everything_is_there_without_script(sample: Filling, served: Serve, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO")
    page = context.new_page()
    page.goto(served(sample.engine, TODAY))
    assert page.locator(".hero .value").first.inner_text() == f"58{NB}%"
    assert page.locator(".chart-wide .dot").count() == 3
    page.locator("main summary").click()
    assert page.get_by_text("(12 + 28) ÷ 69 = 58,0").is_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_window(sample: Filling, served: Serve, browser: Browser, width: int) -> None:
    sample.month(sample.terminal("Kafé", "Et sted med et usedvanlig langt navn " * 5), "2022-03", (0, 0, 3, 20))
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(served(sample.engine, TODAY))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".chart-narrow.months" if width < 400 else ".chart-wide.months").is_visible()
    context.close()


def test_a_live_page_follows_and_says_that_it_is_live(sqlite: Filling, served: Serve, page: Page) -> None:
    demo = sqlite.terminal("Demo", live=True, simulated=True)
    sqlite.month(demo, "2022-04", (0, 0, 5, 15))
    page.goto(served(sqlite.engine, TODAY))
    assert page.get_by_text("anonymitet loves ikke her").is_visible()
    assert page.get_by_text("Simulerte data.").is_visible()
    assert page.locator(".so-far .value").inner_text() == f"100{NB}% er fornøyd"
    page.locator("main summary").click()
    sqlite.month(demo, "2022-04", (20, 0, 5, 15))
    page.get_by_text("20 av 40 vurderinger").wait_for(timeout=15_000)
    # What the reader had opened stays open.
    assert page.locator("main details").get_attribute("open") is not None


def test_every_page_says_that_it_is_live_where_one_of_several_terminals_is(sqlite: Filling) -> None:
    sqlite.terminal("Stua")
    demo = sqlite.terminal("Demo", live=True)
    sqlite.month(demo, "2022-03", (0, 0, 5, 15))
    sqlite.terminal("Kafé", "Annet sted")
    pages = client(sqlite)
    for address in ("/all", "/site-1", f"/terminal-{demo}", "/site-1?month=2022-03"):
        assert "anonymity is not promised here" in pages.get(f"{address}{'&' if '?' in address else '?'}lang=en").text
    assert "anonymity is not promised" not in pages.get("/site-2?lang=en").text


def test_a_live_page_without_script_offers_the_latest_and_leaves_the_reader_in_peace(
    sqlite: Filling, served: Serve, browser: Browser
) -> None:
    demo = sqlite.terminal("Demo", live=True)
    sqlite.month(demo, "2022-04", (0, 0, 5, 15))
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(served(sqlite.engine, TODAY))
    # A page that reloads by itself throws a screen reader back to its top.
    assert "refresh" not in page.content()
    sqlite.month(demo, "2022-04", (20, 0, 5, 15))
    page.get_by_role("link", name="Show the latest").click()
    assert page.get_by_text("20 of 40 ratings").is_visible()
    context.close()
    assert b"noscript" not in client(sqlite).get("/site-1?month=2022-03").data


def test_the_month_so_far_shows_pieces_and_what_days_they_are_of(sample: Filling) -> None:
    for days in ("2022-04-01/2022-04-03", "2022-04-04/2022-04-10"):
        sample.trend("stua", days, (1, 1, 4, 6))
    text = client(sample).get("/site-1?lang=en").get_data(as_text=True)
    assert "1–3 April 2022" in text
    assert "10 of 12 ratings" in text
    assert "the latest held back" in text


def test_an_earlier_month_can_be_looked_at(sample: Filling) -> None:
    text = client(sample).get("/site-1?lang=en&month=2022-02").get_data(as_text=True)
    assert '<h2 id="month">February 2022</h2>' in text
    assert "27 of 45 ratings" in text
    assert "March 2022" not in text


def test_few_ratings_are_hidden_and_no_count_is_anywhere_on_the_page(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (0, 0, 0, 7))
    sqlite.trend("stua", "2022-04-01/2022-04-03", (0, 0, 0, 7))
    for code, said in (("nb", "Skjult for å beskytte de besøkende"), ("en", "Hidden to protect visitors")):
        text = client(sqlite).get(f"/site-1?lang={code}").get_data(as_text=True)
        assert text.count(said) == 2
        visible = re.sub(r"<symbol.*?</symbol>|<[^>]*>", " ", text, flags=re.DOTALL)
        assert "7" not in visible
        assert "100" not in visible


@pytest.mark.parametrize("month", ["2022-03", "2020-03"])
def test_a_share_of_few_satisfied_is_hidden_however_many_were_asked(sqlite: Filling, month: str) -> None:
    """Of the last closed month, and of the last figures that there are."""
    sqlite.month(sqlite.terminal("Stua"), month, (30, 0, 2, 4))
    text = client(sqlite).get("/site-1?lang=en").get_data(as_text=True)
    assert "6 of 36 ratings" in text
    assert "hidden to protect visitors" in text
    assert "of 6 satisfied" not in text
    assert "67%" not in text


def test_a_share_of_few_satisfied_is_hidden_in_the_month_so_far(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    for days in ("2022-04-01/2022-04-03", "2022-04-04/2022-04-10"):
        sqlite.trend(stua, days, (9, 0, 2, 4))
    text = client(sqlite).get("/site-1?lang=en").get_data(as_text=True)
    assert "6 of 15 ratings" in text
    assert "Of the satisfied: hidden to protect visitors" in text
    assert "67%" not in text


def test_months_with_few_ratings_are_shown_together(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    for month, n in {"2022-01": 6, "2022-02": 6, "2022-03": 2}.items():
        sqlite.month(stua, month, (0, 1, 0, n - 1))
    text = client(sqlite).get("/site-1?lang=en").get_data(as_text=True)
    assert "January–February 2022" in text
    assert "March 2022: hidden to protect visitors." in text


def test_figures_older_than_a_year_are_still_the_last_ones(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2020-03", (0, 0, 3, 20))
    text = client(sqlite).get("/site-1?lang=en").get_data(as_text=True)
    assert "Last figures" in text
    assert "March 2020" in text


def test_an_empty_dashboard_says_what_to_do(sqlite: Filling) -> None:
    answer = client(sqlite).get("/?lang=nb")
    assert answer.status_code == 200
    assert "Ingen vurderinger ennå" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/site-999?lang=en", 404, "There is no such place."),
        ("/x?lang=en", 404, "There is no such place."),
        ("/site-1?month=march&lang=en", 400, "&#39;march&#39; is not a month. Write it as 2022-03."),
        ("/site-1?month=2022-13&lang=en", 400, "is not a month"),
        ("/site-1?month=2022-04&lang=en", 404, "April 2022 is not over yet."),
        ("/site-1?month=0001-01&lang=en", 404, "There are no figures of that time."),
        ("/site-1/nothing?lang=nb", 404, "Siden finnes ikke."),
        ("/a/b/c/d?lang=nb", 404, "Siden finnes ikke."),
        ("/site-1?month=%3Cscript%3E&lang=en", 400, "&lt;script&gt;"),
    ],
)
def test_what_is_asked_wrongly_gets_a_message_and_the_right_status(
    sample: Filling, address: str, status: int, said: str
) -> None:
    answer = client(sample).get(address)
    assert answer.status_code == status
    assert said in answer.get_data(as_text=True)
    assert "<script>" not in answer.get_data(as_text=True)


def test_a_name_is_text_and_never_markup(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("T", "<img src=x onerror=alert(1)>"), "2022-03", (0, 0, 3, 20))
    text = client(sqlite).get("/site-1").get_data(as_text=True)
    assert "<img" not in text
    assert "&lt;img src=x" in text


@pytest.mark.parametrize("address", ["/", "/site-1", "/nothing", "/static/fjes.css"])
def test_every_answer_keeps_strangers_out(sample: Filling, address: str) -> None:
    with client(sample).get(address) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in headers


def test_a_database_in_trouble_is_a_message_not_a_stack_trace(
    sample: Filling, caplog: pytest.LogCaptureFixture
) -> None:
    asked = client(sample)
    database = Path(str(sample.engine.url.database))
    sample.engine.dispose()
    database.write_bytes(b"This is no database at all." * 200)
    for more in ("-wal", "-shm"):
        database.with_name(database.name + more).unlink(missing_ok=True)
    answer = asked.get("/site-1?lang=en")
    assert answer.status_code == 503
    assert "cannot be read just now" in answer.get_data(as_text=True)
    assert "not a database" in caplog.text


@pytest.mark.parametrize(
    ("asked", "accepted", "code"),
    [
        (None, [], "nb"),
        ("en", ["nb"], "en"),
        ("xx", ["en-GB"], "en"),
        (None, ["fr", "nn-NO", "en"], "nb"),
        (None, ["no"], "nb"),
        (None, ["de"], "nb"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_readers(asked: str | None, accepted: list[str], code: str) -> None:
    assert language.choose(asked, accepted) == code


ROOT = Path(dashboard.__file__).parent


def texts() -> set[tuple[str, ...]]:
    """Every text of code and templates that is to be translated, with its plural where it has one."""
    found: set[tuple[str, ...]] = set()

    def add(message: Any) -> None:
        if message:
            found.add(tuple(each for each in parts(message) if each))

    for path in ROOT.rglob("*.py"):
        for _, message, _, _ in extract_from_file(
            "python", path, keywords={"words": None, "say": None, "self": None, "many": (1, 2)}
        ):
            add(message)
    for path in ROOT.glob("templates/*.html"):
        with path.open("rb") as file:
            options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
            for piece in babel_extract(file, ("_", "gettext", "ngettext"), [], options):
                add(piece[2])
    return found


def test_every_text_has_a_translation_with_the_same_places_to_fill() -> None:
    with (ROOT / "words/nb.po").open("rb") as file:
        catalogue = read_po(file, locale="nb_NO")
    wanted = texts()
    assert len(wanted) > 50
    known = {parts(each.id) for each in catalogue if each.id}
    assert wanted == known
    for each in catalogue:
        for ours, theirs in zip(parts(each.string), parts(each.id), strict=True) if each.id else ():
            assert ours, f"without a translation: {theirs}"
            for places in (r"%\(\w+\)s", r"%[^(]"):
                assert sorted(re.findall(places, ours)) == sorted(re.findall(places, theirs)), theirs


def parts(message: Any) -> tuple[str, ...]:
    """A text, or its singular and plural."""
    return tuple(message) if isinstance(message, list | tuple) else (message,)


def test_the_command_serves_the_page_until_it_is_stopped(
    sample: Filling, tmp_path: Path, free_port: int, wait_for: Callable[..., None]
) -> None:
    config = tmp_path / "fjes.toml"
    config.write_text(f'[dashboard]\ndatabase = "{sample.engine.url}"\nport = {free_port}\nsign_in = false\n')
    command = [sys.executable, "-m", "fjes", "dashboard", "web", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            wait_for(lambda: listens(free_port) or process.poll() is not None, "the page to be served")
            with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/?lang=en") as answer:
                assert b"Pro Sentret" in answer.read()
            # A second one on the same port ends with one line.
            second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert second.returncode == 1
            assert f"cannot listen on 127.0.0.1, port {free_port}" in second.stderr
            assert "Traceback" not in second.stderr
        finally:
            process.terminate()
        assert process.wait(20) == 0
        assert process.stdout is not None
        # Nothing about any visit is written.
        assert process.stdout.read() == f"The pages are on http://127.0.0.1:{free_port}\n"


@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_the_typeface_is_small_has_the_letters_and_may_be_kept(filling: Filling, weight: str) -> None:
    answer = client(filling).get(f"/static/noto-sans-{weight}.woff")
    assert answer.mimetype == "font/woff"
    assert "max-age" in answer.headers["Cache-Control"]
    assert len(answer.data) < 60_000
    with TTFont(io.BytesIO(answer.data)) as font:
        assert set(map(ord, "Hvor fornøyd? æåÆØÅ 0–9 % «» ăâîșț")) <= set(font.getBestCmap())


def test_what_changed_is_said_only_where_it_is_clear(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    sqlite.month(stua, "2021-03", (40, 30, 20, 10))
    for month in [*(f"2021-{number:02}" for number in range(4, 13)), "2022-01", "2022-02"]:
        sqlite.month(stua, month, (5, 5, 30, 60))
    sqlite.month(stua, "2022-03", (5, 6, 29, 60))
    text = client(sqlite).get("/site-1?lang=en").get_data(as_text=True)
    said = re.findall(r"<dt>(.*?)</dt>\s*<dd>.*?</svg>(.*?)</dd>", text)
    # March 2022 89 of 100, February 90 of 100, March 2021 30 of 100.
    assert said == [("Against February 2022 (90%)", "no clear change"), ("Against March 2021 (30%)", "up by 59 points")]


def test_several_sites_are_one_page_of_which_each_leads_to_its_own(sqlite: Filling) -> None:
    for name, site, counts in (("A", "Nord", (1, 2, 3, 14)), ("B", "Sør", (0, 0, 0, 20)), ("C", "Vest", (0, 0, 0, 4))):
        sqlite.month(sqlite.terminal(name, site), "2022-03", counts)
    asked = client(sqlite)
    front = asked.get("/?lang=en")
    assert front.headers["Location"] == "/all?lang=en"
    text = asked.get(front.headers["Location"]).get_data(as_text=True)
    assert "<h1>All sites</h1>" in text
    # Vest has too few to be shown, and is in no sum; the page says so.
    assert "37 of 40 ratings" in text
    assert "Without Vest<" in text
    assert all(
        f'<a href="/site-{number}?lang=en">{name}</a>' in text for number, name in enumerate(("Nord", "Sør", "Vest"), 1)
    )
    assert "<h1>Nord</h1>" in asked.get("/site-1?lang=en").get_data(as_text=True)
    assert 'href="/all?lang=en">All sites</a>' in asked.get("/site-1?lang=en").get_data(as_text=True)
    assert "<h1>A</h1>" in asked.get("/terminal-a?lang=en").get_data(as_text=True)
