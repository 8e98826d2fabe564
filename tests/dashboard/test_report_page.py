"""The annual report's page and its PDF: the sentence says exactly which share is of what, and every figure is right."""

import re
import subprocess
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from markupsafe import escape
from playwright.sync_api import Browser, Page
from sqlalchemy import update
from weasyprint.urls import FatalURLFetchingError

from dashboard import language, pdf, remote, schema, visits
from dashboard.pages.report import usual
from fjes.cli import main
from ratings import period as periods
from ratings import remote as shape
from ratings.period import Grain, Period, month
from ratings.scale import Counts
from tests.conftest import program
from tests.dashboard.filling import Filling, day, months
from tests.dashboard.test_web import NB, Serve, client, table, wilson
from tests.dashboard.test_web import page as page

AUTUMN = "from=2020-09&to=2020-12"
OF_ALL: Counts = (2, 1, 4, 93)
"""97 % satisfied, and 93 % of all are very satisfied."""
OF_THE_SATISFIED: Counts = (3, 6, 20, 271)
"""97 % satisfied, and 93 % of those are very satisfied."""


@pytest.fixture
def autumn(sqlite: Filling) -> Filling:
    """Four months of 2020 at the place that this was made for."""
    stua = sqlite.terminal("Stua")
    for name, counts in {
        "2020-09": (1, 0, 2, 30),
        "2020-10": (0, 1, 4, 51),
        "2020-11": (1, 1, 3, 40),
        "2020-12": (0, 0, 1, 79),
    }.items():
        sqlite.month(stua, name, counts, repeat=(6, 0, 0, 0))
    return sqlite


def text_of(filling: Filling, address: str, status: int = 200) -> str:
    """What a page says: without its markup, and each space a plain one."""
    answer = client(filling).get(address)
    assert answer.status_code == status
    return plain(answer.get_data(as_text=True))


def plain(html: str) -> str:
    visible = re.sub(r"<symbol.*?</symbol>|<title>.*?</title>|<desc.*?</desc>|<[^>]*>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", visible.replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">"))


def pdf_of(filling: Filling, address: str, folder: Path) -> tuple[str, str]:
    """What a PDF says, and what there is to know about it."""
    answer = client(filling).get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/pdf"
    file = folder / "report.pdf"
    file.write_bytes(answer.data)
    said, told = (
        subprocess.run(
            [program(each, "poppler-utils"), *options], capture_output=True, text=True, timeout=60, check=True
        ).stdout
        for each, options in (("pdftotext", [str(file), "-"]), ("pdfinfo", [str(file)]))
    )
    return re.sub(r"\s+", " ", said.replace(NB, " ")), re.sub(r" +", " ", told)


@pytest.mark.parametrize(
    ("counts", "nb", "en"),
    [
        (
            OF_ALL,
            "97 % er fornøyd; 93 % er svært fornøyd. Begge andelene er av alle 100 vurderinger. "
            "Av de 97 som er fornøyd, er 96 % svært fornøyd.",
            "97% are satisfied; 93% are very satisfied. Both are shares of all 100 ratings. "
            "Of the 97 who are satisfied, 96% are very satisfied.",
        ),
        (
            OF_THE_SATISFIED,
            "97 % er fornøyd; 90 % er svært fornøyd. Begge andelene er av alle 300 vurderinger. "
            "Av de 291 som er fornøyd, er 93 % svært fornøyd.",
            "97% are satisfied; 90% are very satisfied. Both are shares of all 300 ratings. "
            "Of the 291 who are satisfied, 93% are very satisfied.",
        ),
    ],
)
def test_ninety_seven_of_which_ninety_three_can_be_read_one_way_only(
    sqlite: Filling, tmp_path: Path, counts: Counts, nb: str, en: str
) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2020-09", counts)
    wanted = [f"Pro Sentret, september 2020: {nb}", f"Pro Sentret, September 2020: {en}"]
    # Both languages are on the page and in the PDF, whatever the page's own language.
    for code in ("nb", "en"):
        said = text_of(sqlite, f"/site-1/report?lang={code}&{AUTUMN}")
        assert all(each in said for each in wanted)
    answer = client(sqlite).get(f"/site-1/report?lang=en&{AUTUMN}").get_data(as_text=True)
    copied = dict(re.findall(r'<p class="copy" lang="(..)">(.*?)</p>', answer))
    assert {code: text.replace(NB, " ") for code, text in copied.items()} == dict(
        zip(("nb", "en"), wanted, strict=True)
    )
    # The command says the same.
    arguments = ["report", "--from", "2020-09", "--to", "2020-12", "--database", str(sqlite.engine.url)]
    command = CliRunner().invoke(main, [*arguments, "--lang", "nb"]).output.replace(NB, " ")
    assert nb in command.replace("\n", " ")


def test_the_figures_are_those_of_the_counts(autumn: Filling, served: Serve, page: Page) -> None:
    page.goto(f"{served(autumn.engine, day('2022-04-12'))}/site-1/report?lang=nb&{AUTUMN}")
    # All four months: 2, 2, 10, 200.
    assert page.locator("#sheet").inner_text() == "September–desember 2020"
    assert page.locator(".figure .value").all_inner_texts() == [f"98{NB}%", f"93{NB}%", f"95{NB}%"]
    for base, (k, n) in zip(
        page.locator(".figure .base").all_inner_texts(), [(210, 214), (200, 214), (200, 210)], strict=True
    ):
        low, high = wilson(k, n)
        assert f"{k} av {n} " in base
        assert f"{low:.0f}–{high:.0f}{NB}%" in base
    rows = [[cell.replace(NB, " ") for cell in row] for row in table(page, ".months")]
    assert [row[0] for row in rows] == ["September 2020", "Oktober 2020", "November 2020", "Desember 2020"]
    for row, (k, n) in zip(rows, [(32, 33), (55, 56), (43, 45), (80, 80)], strict=True):
        low, high = wilson(k, n)
        assert row[1:] == [
            f"{100 * k / n:.1f} %".replace(".", ","),
            f"{low:.1f}–{high:.1f} %".replace(".", ","),
            f"{n}",
        ]
    answers = [[cell.replace(NB, " ") for cell in row] for row in table(page, ".sheet-answers")]
    assert answers == [
        ["Svært fornøyd", "93,5 %", "200"],
        ["Fornøyd", "4,7 %", "10"],
        ["Misfornøyd", "0,9 %", "2"],
        ["Svært misfornøyd", "0,9 %", "2"],
        ["Alle", "", "214"],
    ]
    assert page.locator(".chart-wide .amount").all_text_contents() == [f"{each}{NB}%" for each in (97, 98, 96, 100)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "nb",
            [
                "«Hvor fornøyd er du med besøket ditt i dag?», med navnet «visit»",
                "214 vurderinger i september–desember 2020. Trykk som er lagt til side som gjentakelser",
                "de dekker tilfeldigheter, ikke hvem som valgte å svare",
                "færre enn 10 vurderinger",
            ],
        ),
        (
            "en",
            [
                "“How satisfied are you with your visit today?”, called “visit”",
                "214 ratings in September–December 2020. Presses set aside as repeats",
                "they cover chance, not who chose to answer",
                "fewer than 10 ratings",
            ],
        ),
    ],
)
def test_method_and_base_are_on_the_sheet(autumn: Filling, tmp_path: Path, code: str, said: list[str]) -> None:
    on_page = text_of(autumn, f"/site-1/report?lang={code}&{AUTUMN}")
    in_pdf, _ = pdf_of(autumn, f"/site-1/report.pdf?lang={code}&{AUTUMN}", tmp_path)
    for each in said:
        assert each in on_page
        assert each in in_pdf


def test_the_question_is_told_in_the_words_that_were_set_from_here(autumn: Filling) -> None:
    wanted = shape.read('[[questions]]\nid = "visit"\ntexts = { nb = "Gikk det bra?" }', "the file")
    with autumn.engine.begin() as connection:
        remote.put(connection, remote.Place("site", "Pro Sentret"), wanted, "the file")
    for place in ("site-1", "terminal-stua"):
        assert "«Gikk det bra?», med navnet «visit»." in text_of(autumn, f"/{place}/report?lang=nb&{AUTUMN}")
    # In English nothing was set, and of all sites together nothing is known.
    assert "or the terminal's own words" in text_of(autumn, f"/site-1/report?lang=en&{AUTUMN}")
    assert "eller terminalens egne ord" in text_of(autumn, f"/all/report?lang=nb&{AUTUMN}")


def test_what_is_widened_hidden_or_left_out_is_said(sqlite: Filling, tmp_path: Path) -> None:
    stua = sqlite.terminal("Stua", "A")
    for name, n in {"2020-08": 6, "2020-09": 6, "2020-10": 40, "2020-12": 4}.items():
        sqlite.month(stua, name, (0, 0, 0, n))
    sqlite.month(sqlite.terminal("Hall", "B"), "2020-10", (0, 1, 0, 30))
    sqlite.terminal("Bod", "C")
    said = text_of(sqlite, f"/all/report?lang=en&{AUTUMN}")
    assert "Asked for: September–December 2020. Shown: August–October 2020" in said
    assert "November–December 2020: hidden to protect visitors." in said
    assert "B is left out of August–September 2020." in said
    assert "C is left out: it has no figure that may be shown." in said
    in_pdf, _ = pdf_of(sqlite, f"/all/report.pdf?lang=en&{AUTUMN}", tmp_path)
    assert "C is left out: it has no figure that may be shown." in in_pdf
    assert "All sites, August–October 2020:" in said


def test_the_sentence_names_only_months_that_are_in_it(sqlite: Filling) -> None:
    stua, hall = sqlite.terminal("Stua"), sqlite.terminal("Hall")
    for name in ("2020-09", "2020-10", "2020-11"):
        sqlite.month(stua, name, (0, 0, 0, 30))
        sqlite.month(hall, name, (0, 0, 0, 3 if name == "2020-10" else 20))
    # In October the hall has too few to be shown apart.
    said = text_of(sqlite, f"/terminal-hall/report?lang=nb&{AUTUMN}")
    assert "Hall (Pro Sentret), september 2020, november 2020: 100 % er fornøyd" in said
    assert "Oktober 2020, desember 2020: skjult for å beskytte de besøkende." in said


def test_few_ratings_are_hidden_and_no_count_is_on_the_page_or_in_the_pdf(sqlite: Filling, tmp_path: Path) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2021-12", (0, 0, 0, 7))
    said = text_of(sqlite, "/site-1/report?lang=nb")
    assert "Ingenting kan vises: skjult for å beskytte de besøkende." in said
    in_pdf, _ = pdf_of(sqlite, "/site-1/report.pdf?lang=nb", tmp_path)
    assert "Ingenting kan vises" in in_pdf
    assert not any(re.search(r"\b(7|100)\b", each) for each in (said, in_pdf))


def test_a_share_of_few_satisfied_is_hidden(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2020-09", (8, 0, 4, 5))
    said = text_of(sqlite, f"/site-1/report?lang=en&{AUTUMN}")
    assert "The share of the satisfied who are very satisfied is hidden to protect visitors." in said
    # 5 of 9.
    assert "56%" not in said


def test_a_long_stretch_is_shown_by_year(sqlite: Filling, tmp_path: Path) -> None:
    stua = sqlite.terminal("Stua")
    by_year: dict[int, int] = {}
    for number, each in enumerate(periods.periods_between(Grain.MONTH, day("2012-01-01"), day("2022-03-31"))):
        sqlite.month(stua, f"{each.first:%Y-%m}", (0, 2, 0, 10 + number % 9))
        by_year[each.first.year] = by_year.get(each.first.year, 0) + 12 + number % 9
    html = client(sqlite).get("/site-1/report?lang=en&from=2012-01&to=2022-03").get_data(as_text=True)
    rows = re.findall(r'<th scope="row">January–\w+ (\d+)</th>.*?<td>(\d+)</td>\s*</tr>', html, re.DOTALL)
    assert [(int(year), int(n)) for year, n in rows] == sorted(by_year.items())
    assert "<svg" not in html.partition('id="months"')[2].partition('id="answers"')[0]
    _, told = pdf_of(sqlite, "/site-1/report.pdf?lang=en&from=2012-01&to=2022-03", tmp_path)
    assert "Pages: 1\n" in told


@pytest.mark.parametrize(
    ("known", "today", "chosen"),
    [
        (("2018-03", "2022-03"), "2022-04-12", ("2021-01", "2021-12")),
        (("2018-03", "2022-03"), "2022-01-01", ("2021-01", "2021-12")),
        # What there is of last year; this year, where it is all there is; the last year of one that is no more.
        (("2020-09", "2021-02"), "2021-03-05", ("2020-09", "2020-12")),
        (("2022-02", "2022-03"), "2022-04-12", ("2022-02", "2022-03")),
        (("2017-05", "2019-06"), "2022-04-12", ("2019-01", "2019-12")),
        (None, "2022-04-12", ("2021-01", "2021-12")),
    ],
)
def test_without_a_word_it_is_last_year_or_what_there_is_of_it(
    known: tuple[str, str] | None, today: str, chosen: tuple[str, str]
) -> None:
    assert usual(months(*known) if known else None, day(today)) == months(*chosen)


def test_links_lead_to_last_year_this_year_and_the_last_quarter(autumn: Filling) -> None:
    autumn.month("stua", "2022-03", (0, 0, 0, 40))
    html = client(autumn).get("/site-1/report?lang=en").get_data(as_text=True)
    found = {
        title: address.replace("&amp;", "&")
        for address, title in re.findall(r'<li><a href="(.*?)".*?>(.*?)</a></li>', html)
    }
    assert found["The year 2021"] == "/site-1/report?lang=en&from=2021-01&to=2021-12"
    assert found["This year so far"] == "/site-1/report?lang=en&from=2022-01&to=2022-03"
    assert found["Last quarter"] == "/site-1/report?lang=en&from=2022-01&to=2022-03"
    for each in found.values():
        assert client(autumn).get(each).status_code == 200


@pytest.mark.parametrize("page_name", ["report", "report.pdf"])
@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("from=march", 400, "'march' is not a month. Write it as 2022-03."),
        ("from=2020-09&to=2020-13", 400, "'2020-13' is not a month."),
        ("from=2020-12&to=2020-09", 400, "December 2020 is after September 2020: turn the two round."),
        ("from=2020-09&to=2022-04", 404, "April 2022 is not over yet."),
        ("from=0001-01&to=2020-12", 404, "There are no figures of that time."),
        ("from=9999-12&to=9999-12", 404, "is not over yet."),
        ("from=" + "9" * 10_000, 400, "is not a month."),
        ("from=%3Cscript%3Ealert(1)%3C/script%3E", 400, "'<script>alert(1)</sc' is not a month."),
        ("question=%3Cb%3E", 404, "There are no ratings of such a question here."),
        ("question=" + "x" * 10_000, 404, "There are no ratings of such a question here."),
    ],
)
def test_what_is_asked_wrongly_gets_a_message_and_the_right_status(
    autumn: Filling, page_name: str, asked: str, status: int, said: str
) -> None:
    answer = client(autumn).get(f"/site-1/{page_name}?lang=en&{asked}")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    html = answer.get_data(as_text=True)
    (message,) = re.findall("<h1>(.*?)</h1>", html)
    assert said in plain(message)
    assert len(message) < 200
    assert "<script>" not in html


@pytest.mark.parametrize(
    "address", ["/site-9/report", "/site-9/report.pdf", "/nowhere/report", "/" + "x" * 10_000 + "/report.pdf"]
)
def test_a_place_that_is_not_there_is_not_found(autumn: Filling, address: str) -> None:
    assert "There is no such place." in text_of(autumn, f"{address}?lang=en", 404)


def test_a_question_is_refused_where_there_are_no_ratings_at_all(filling: Filling) -> None:
    filling.terminal("Stua")
    assert client(filling).get("/site-1/report?lang=en&question=" + "x" * 10_000).status_code == 404
    assert client(filling).get("/site-1/report?lang=en").status_code == 200


HOSTILE = '<img src="http://203.0.113.1/x" onerror=alert(1)></h1><script>alert(2)</script>{{ 7 * 7 }}" onload="x'


@pytest.mark.parametrize("name", [HOSTILE, (HOSTILE * 100)[:10_000], "x" * 2_000], ids=["markup", "long", "one word"])
def test_a_hostile_name_is_text_on_the_page_and_in_the_pdf(
    autumn: Filling, served: Serve, page: Page, tmp_path: Path, name: str
) -> None:
    with autumn.engine.begin() as connection:
        # It could not be entered like that; a database may have been made otherwise.
        connection.execute(update(schema.site).values(name=name))
    html = client(autumn).get(f"/site-1/report?{AUTUMN}").get_data(as_text=True)
    assert str(escape(name)) in html
    assert "<script>alert" not in html
    in_pdf, told = pdf_of(autumn, f"/site-1/report.pdf?lang=en&{AUTUMN}", tmp_path)
    assert re.sub(r"\s", "", name)[:60] in re.sub(r"\s", "", in_pdf)
    assert "JavaScript: no" in told
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{served(autumn.engine, day('2022-04-12'))}/site-1/report?{AUTUMN}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("code", ["nb", "en"])
def test_the_pdf_is_one_page_of_a4_with_a_title_a_language_and_tags(autumn: Filling, tmp_path: Path, code: str) -> None:
    for number in range(1, 4):
        autumn.month("stua", f"2021-{number:02}", (0, 1, 2, 20))
    with autumn.engine.begin() as connection:
        for number in range(9, 13):
            visits.put(connection, 1, month(2020, number), 100)
    said, told = pdf_of(autumn, f"/site-1/report.pdf?lang={code}&from=2020-03&to=2021-03", tmp_path)
    assert "Pages: 1\n" in told
    assert "(A4)" in told
    assert "Tagged: yes" in told
    title = {"nb": "Årsrapport, september 2020–mars 2021", "en": "Annual report, September 2020–March 2021"}
    assert f"Title: {title[code]} – Pro Sentret" in told
    assert {"nb": "98 %", "en": "98%"}[code] in said.replace(NB, " ")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", (tmp_path / "report.pdf").read_bytes(), re.DOTALL)
    objects = b"".join(zlib.decompress(each) for each in streams if each.startswith(b"\x78"))
    assert re.findall(rb"/Type */Catalog.*?/Lang *\((.*?)\)", objects, re.DOTALL)[:1] == [code.encode()]
    with_fonts = subprocess.run(
        [program("pdffonts", "poppler-utils"), str(tmp_path / "report.pdf")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()[2:]
    assert with_fonts
    # Ours, and no other that a machine may have or not: each is embedded, and can be copied as text.
    assert [line.split()[0].partition("+")[2] for line in with_fonts] == ["Fjes-Text", "Fjes-Text-Bold"]
    assert all("yes yes yes" in line for line in with_fonts)


@pytest.mark.parametrize(
    "asks",
    [
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<img src="file:///etc/hostname">',
        '<img src="/static/../pdf.py">',
        '<img src="/static/nothing.svg">',
        '<style>@font-face { font-family: x; src: url("https://example.org/x.ttf") } p { font-family: x }</style><p>x',
        '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E">',
    ],
)
def test_a_pdf_asks_for_nothing_but_our_own_files(asks: str) -> None:
    with pytest.raises(FatalURLFetchingError, match="may not ask for"):
        pdf.made(f"<!doctype html><html lang=en><title>x</title>{asks}")


def test_the_page_prints_as_the_pdf_is_one_sheet_without_the_form(
    autumn: Filling, served: Serve, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{served(autumn.engine, day('2022-04-12'))}/site-1/report?lang=nb&{AUTUMN}")
    file = tmp_path / "printed.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    told = subprocess.run([program("pdfinfo", "poppler-utils"), str(file)], capture_output=True, text=True, check=True)
    assert re.search(r"Pages: +1\n", told.stdout)
    assert "(A4)" in told.stdout
    page.emulate_media(media="print")
    for hidden in (".range", ".tabs", ".top", ".chart-wide", ".actions"):
        assert not page.locator(hidden).first.is_visible()
    for shown in ("h1", ".sheet .large .value", ".copy", ".chart-narrow", ".method", ".foot"):
        assert page.locator(shown).first.is_visible()


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_window(autumn: Filling, served: Serve, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    address = served(autumn.engine, day("2022-04-12"))
    for name in (f"/site-1/report?{AUTUMN}", "/site-1/visits", "/explained"):
        page.goto(address + name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    context.close()


def test_simulated_and_live_ratings_are_called_so_in_the_pdf(sqlite: Filling, tmp_path: Path) -> None:
    sqlite.month(sqlite.terminal("Demo", live=True, simulated=True), "2020-09", (0, 0, 0, 20))
    said, _ = pdf_of(sqlite, f"/site-1/report.pdf?lang=en&{AUTUMN}", tmp_path)
    assert "Simulated data." in said
    assert "anonymity is not promised here" in said


@pytest.mark.parametrize("code", list(language.LANGUAGES))
def test_the_explanation_fits_on_one_screen_and_computes_its_examples(
    autumn: Filling, served: Serve, browser: Browser, code: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    address = served(autumn.engine, day("2022-04-12"))
    page.goto(f"{address}/site-1?lang={code}")
    page.locator(".foot a").click()
    page.wait_for_url("**/explained*")
    assert page.locator("html").get_attribute("lang") == code
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    said = page.locator("main").inner_text().replace(NB, " ").replace(" %", "%")
    for k, n in ((9, 12), (225, 300)):
        low, high = wilson(k, n)
        assert f"{low:.0f}–{high:.0f}%" in said
    assert "75%" in said
    assert {"nb": "færre enn 10 vurderinger", "en": "fewer than 10 ratings"}[code] in said
    context.close()


def test_a_year_that_is_not_over_ends_with_the_last_month_that_is() -> None:
    assert usual(Period(day("2022-01-01"), day("2022-01-31")), day("2022-02-01")) == months("2022-01", "2022-01")
