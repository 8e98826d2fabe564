"""Visits that staff enter, and the response rate: of published ratings only, and from our own page only."""

import re
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard import disclosure, schema, visits
from dashboard.pages.asking import find
from dashboard.places import tree
from dashboard.store import reading
from dashboard.visits import Answered
from fjes.cli import main
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import month
from tests.conftest import program
from tests.dashboard.filling import Filling, months
from tests.dashboard.test_report_page import text_of
from tests.dashboard.test_web import TODAY, Serve, client
from tests.dashboard.test_web import sample as sample

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def enter(filling: Filling, site: int, numbers: dict[str, int | None]) -> None:
    with filling.engine.begin() as connection:
        for name, number in numbers.items():
            visits.put(connection, site, month(*map(int, name.split("-"))), number)


def stored(filling: Filling) -> dict[str, int]:
    with reading(filling.engine) as connection:
        rows = connection.execute(select(schema.visits).order_by(schema.visits.c.month))
        return {f"{row.month:%Y-%m}": row.number for row in rows}


def answered(filling: Filling, place: str = "all", asked: tuple[str, str] = ("2022-01", "2022-03")) -> list[Answered]:
    with reading(filling.engine) as connection:
        everything = tree(connection)
        found = find(everything, place)
        assert found is not None
        ids = [site.id for site in everything.sites]
    disclosure.publish_if_due(filling.engine, ids, VISIT, TODAY, 10)
    with reading(filling.engine) as connection:
        shown = disclosure.blocks(connection, found, VISIT, months(*asked), 10)
        return list(visits.answered(connection, found, shown))


def post(
    filling: Filling, fields: dict[str, str], headers: dict[str, str] | None = None, query: str = "lang=en"
) -> TestResponse:
    sent = FROM_HERE if headers is None else headers
    return client(filling).post(f"/site-1/visits?{query}", data=fields, headers=sent)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("210", 210),
        ("0", 0),
        ("1000000", 1_000_000),
        (" 1 234 ", 1234),
        ("1\N{NO-BREAK SPACE}234", 1234),
        ("", None),
        ("  ", None),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, number: int | None) -> None:
    assert visits.read(text) == number


@pytest.mark.parametrize("text", ["-1", "1000001", "12.5", "1,234", "ti", "1e3", "٣", "0x10", "9" * 10_000, "<b>1</b>"])
def test_what_is_no_number_of_visits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number from 0 to 1000000"):
        visits.read(text)


def test_numbers_are_kept_replaced_and_taken_out(filling: Filling) -> None:
    filling.terminal("Stua")
    enter(filling, 1, {"2022-01": 100, "2022-02": 0, "2022-03": 1_000_000})
    enter(filling, 1, {"2022-01": 101, "2022-02": None, "2021-12": None})
    assert stored(filling) == {"2022-01": 101, "2022-03": 1_000_000}


def test_a_block_has_a_rate_where_every_month_of_it_has_visits(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    for name, n in {"2022-01": 6, "2022-02": 6, "2022-03": 20}.items():
        filling.month(stua, name, (0, 0, 0, n))
    enter(filling, 1, {"2022-02": 40})
    # January and February are one block: with one of them, nothing is known.
    assert answered(filling, "site-1") == []
    enter(filling, 1, {"2022-01": 30})
    assert answered(filling, "site-1") == [Answered(months("2022-01", "2022-02"), 12, 70)]
    enter(filling, 1, {"2022-03": 19})
    (_, march) = answered(filling, "site-1")
    assert (march.n, march.visits, march.is_odd) == (20, 19, True)


def test_of_several_sites_every_one_that_is_in_the_sum_has_to_have_visits(filling: Filling) -> None:
    north, south = filling.terminal("N", "Nord"), filling.terminal("S", "Sør")
    filling.terminal("T", "Tom")
    for name in ("2022-01", "2022-02"):
        filling.month(north, name, (0, 0, 0, 20))
    filling.month(south, "2022-02", (0, 0, 0, 30))
    with reading(filling.engine) as connection:
        nord, sor, _ = sorted(tree(connection).sites, key=lambda site: site.name)
    enter(filling, nord.id, {"2022-01": 50, "2022-02": 60})
    # In January the south is not in the sum, and the empty one never is.
    assert answered(filling) == [Answered(month(2022, 1), 20, 50)]
    enter(filling, sor.id, {"2022-01": 999, "2022-02": 70})
    assert answered(filling) == [Answered(month(2022, 1), 20, 50), Answered(month(2022, 2), 50, 130)]


def test_a_terminal_has_no_response_rate(filling: Filling) -> None:
    filling.month(filling.terminal("Stua"), "2022-03", (0, 0, 0, 20))
    enter(filling, 1, {"2022-03": 40})
    assert answered(filling, "terminal-stua") == []
    assert len(answered(filling, "site-1")) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("nb", "Svarandel: 69 av 210 besøk ga svar, 33 %. Alle besøk er talt med, så her er det ikke noe intervall."),
        ("en", "Response rate: 69 of 210 visits answered, 33%. All visits are counted, so there is no interval."),
    ],
)
def test_overview_report_and_command_say_the_response_rate(sample: Filling, code: str, said: str) -> None:
    asked = "from=2022-03&to=2022-03"
    addresses = [f"/site-1?lang={code}", f"/all?lang={code}", f"/site-1/report?lang={code}&{asked}"]
    for each in addresses:
        assert "69 a" not in text_of(sample, each).replace("\N{NO-BREAK SPACE}", " ")
    enter(sample, 1, {"2022-03": 210})
    for each in addresses:
        assert said in text_of(sample, each)
    command = ["report", "--from", "2022-03", "--to", "2022-03", "--lang", code, "--database", str(sample.engine.url)]
    assert said in CliRunner().invoke(main, command).output.replace("\N{NO-BREAK SPACE}", " ")


def test_a_rate_of_some_months_names_them_and_odd_months_are_told(sample: Filling) -> None:
    enter(sample, 1, {"2022-01": 230, "2022-02": 44, "2022-03": 0})
    said = text_of(sample, "/site-1/report?lang=en&from=2022-01&to=2022-03")
    # January: 115 ratings; February 45; March 69.
    assert "Response rate in January 2022: 115 of 230 visits answered, 50%." in said
    assert "February 2022: more ratings than visits (45 and 44): check the number." in said
    assert "March 2022: more ratings than visits (69 and 0): check the number." in said


@pytest.mark.parametrize("ratings", [1, 7, 9])
def test_entering_visits_finds_out_nothing_about_a_hidden_month(sqlite: Filling, ratings: int) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (0, 0, 0, ratings))
    told = set()
    for number in (None, 0, ratings - 1, ratings, ratings + 1, 100):
        enter(sqlite, 1, {"2022-03": number})
        pages = [text_of(sqlite, f"/site-1{name}?lang=en") for name in ("", "/report", "/visits")]
        told.add(tuple(pages))
        assert "visits answered" not in " ".join(pages)
    assert len(told) == 1
    command = visits_command(sqlite, "Pro Sentret", "2022-03", "0")
    assert "more ratings" not in command.output


def test_staff_enter_visits_without_script(sample: Filling, served: Serve, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO")
    page = context.new_page()
    address = served(sample.engine, TODAY)
    page.goto(f"{address}/site-1/visits")
    assert page.locator(".visit-months label").all_inner_texts()[::12] == ["Mars 2022", "Mars 2021"]
    page.get_by_label("Mars 2022").fill("210")
    page.get_by_label("Januar 2022").fill("1 150")
    page.get_by_role("button", name="Lagre").click()
    assert page.get_by_role("status").inner_text() == "Lagret."
    assert stored(sample) == {"2022-01": 1150, "2022-03": 210}
    assert page.get_by_label("Mars 2022").input_value() == "210"
    page.get_by_label("Mars 2022").fill("")
    page.get_by_label("Februar 2022").fill("mange")
    page.get_by_label("Februar 2022").press("Enter")
    # Nothing of it went in; what was typed is still there, and what is wrong stands beside it.
    assert page.get_by_role("alert").is_visible()
    assert stored(sample) == {"2022-01": 1150, "2022-03": 210}
    field = page.get_by_label("Februar 2022")
    assert field.input_value() == "mange"
    assert field.get_attribute("aria-invalid") == "true"
    problem = page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    assert problem.replace("\N{NO-BREAK SPACE}", " ") == "Skriv et helt tall fra 0 til 1 000 000, eller ingenting."
    field.fill("500")
    page.get_by_role("button", name="Lagre").click()
    assert stored(sample) == {"2022-01": 1150, "2022-02": 500}
    context.close()


def test_only_what_was_changed_is_stored(sample: Filling) -> None:
    enter(sample, 1, {"2022-02": 80})
    # A form that was opened before somebody else entered February.
    fields = {"visits-2022-02": "", "was-2022-02": "", "visits-2022-03": "210", "was-2022-03": ""}
    answer = post(sample, fields)
    assert answer.status_code == 303
    assert stored(sample) == {"2022-02": 80, "2022-03": 210}


def test_earlier_months_can_be_entered(sample: Filling) -> None:
    html = client(sample).get("/site-1/visits?lang=en").get_data(as_text=True)
    earlier = re.search(r'<a href="([^"]*)">Earlier months</a>', html)
    assert earlier
    assert "Later months" not in html
    address = earlier[1].replace("&amp;", "&")
    html = client(sample).get(address).get_data(as_text=True)
    labels = re.findall(r"<label for=\"visits-(\S+)\">", html)
    assert (labels[0], labels[-1], len(labels)) == ("2021-02", "2020-02", 13)
    assert 'href="/site-1/visits?lang=en&amp;to=2022-03">Later months' in html
    answer = post(sample, {"visits-2020-02": "33", "was-2020-02": ""}, query="lang=en&to=2021-02")
    assert answer.headers["Location"] == "/site-1/visits?lang=en&to=2021-02&saved=yes"
    assert stored(sample) == {"2020-02": 33}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"visits-2022-05": "10"}, 400, "May 2022 has not come yet."),
        ({"visits-9999-12": "10"}, 400, "has not come yet."),
        ({"visits-0001-01": "10"}, 400, "There are no figures of that time."),
        ({"visits-2022-13": "10"}, 400, "&#39;2022-13&#39; is not a month."),
        ({"visits-<script>": "10"}, 400, "&#39;&lt;script&gt;&#39; is not a month."),
        ({"visits-" + "x" * 10_000: "10"}, 400, "is not a month."),
        ({"visits-2022-03": "-1"}, 400, "Write a whole number from 0 to 1,000,000, or nothing."),
        ({"visits-2022-03": "1000001"}, 400, "Write a whole number from 0 to 1,000,000, or nothing."),
        ({"visits-2022-03": "9" * 10_000}, 400, "Write a whole number from 0 to 1,000,000, or nothing."),
        ({"visits-2022-03": "<script>alert(1)</script>"}, 400, "Write a whole number"),
        ({"visits-2022-03": "10", "visits-2022-02": "x"}, 400, "Nothing was stored"),
        ({"visits-2022-03": "9" * 100_000}, 413, "That did not work."),
    ],
)
def test_what_is_entered_wrongly_gets_a_message_and_stores_nothing(
    sample: Filling, fields: dict[str, str], status: int, said: str
) -> None:
    answer = post(sample, fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert said in html
    assert "<script>" not in html
    assert "9" * 21 not in html
    assert stored(sample) == {}


def test_the_running_month_may_be_entered_and_other_fields_mean_nothing(sample: Filling) -> None:
    assert post(sample, {"visits-2022-04": "10", "x": "y", "visits": "3"}).status_code == 303
    assert stored(sample) == {"2022-04": 10}


@pytest.mark.parametrize("place", ["all", "terminal-stua"])
def test_visits_are_a_sites(sample: Filling, place: str) -> None:
    html = client(sample).get(f"/{place}/visits?lang=en").get_data(as_text=True)
    assert "Visits are entered site by site." in html
    assert '<a href="/site-1/visits?lang=en">Pro Sentret</a>' in html
    answer = client(sample).post(f"/{place}/visits?lang=en", data={"visits-2022-03": "1"}, headers=FROM_HERE)
    assert answer.status_code == 400
    assert stored(sample) == {}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://fjes.example"}, 403),
        # Without https a browser says no more than where the form was.
        ({"Origin": "http://fjes.example"}, 303),
        ({"Origin": "http://FJES.example"}, 303),
        ({"Origin": "http://fjes.example:8080"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://fjes.example.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({}, 403),
    ],
)
def test_only_a_page_of_ours_can_send_a_form(sample: Filling, headers: dict[str, str], status: int) -> None:
    answer = post(sample, {"visits-2022-03": "5"}, {"Host": "fjes.example", **headers})
    assert answer.status_code == status
    assert stored(sample) == ({"2022-03": 5} if status == 303 else {})
    if status == 403:
        assert "This can only be sent from the page itself." in answer.get_data(as_text=True)


FORM = (
    '<form method="post" action="{}/site-1/visits"><input name="visits-2022-03" value="666"><button>Win</button></form>'
)


def test_another_sites_page_cannot_enter_visits(sample: Filling, served: Serve, browser: Browser) -> None:
    address = served(sample.engine, TODAY)
    page = browser.new_page()
    page.goto(f"data:text/html,{FORM.format(address)}")
    with page.expect_response("**/site-1/visits") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403
    assert stored(sample) == {}
    page.close()


def test_a_browser_without_https_can_send_our_form_and_no_other(
    sample: Filling, served: Serve, browser: Browser
) -> None:
    # To it our pages are at names of their own: it does not say Sec-Fetch-Site there.
    arguments = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP *.example 127.0.0.1"]
    other = browser.browser_type.launch(executable_path=program("chromium", "chromium"), args=arguments)
    try:
        page = other.new_page(locale="en-GB")
        port = urlsplit(served(sample.engine, TODAY)).port
        page.goto(f"http://fjes.example:{port}/site-1/visits")
        page.get_by_label("March 2022").fill("210")
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.get_by_role("button", name="Store").click()
        assert "sec-fetch-site" not in sent.value.all_headers()
        assert page.get_by_role("status").inner_text() == "Stored."
        assert stored(sample) == {"2022-03": 210}
        page.goto(f"data:text/html,{FORM.format(f'http://fjes.example:{port}')}")
        with page.expect_response("**/site-1/visits") as answer:
            page.get_by_role("button").click()
        assert answer.value.status == 403
        assert stored(sample) == {"2022-03": 210}
    finally:
        other.close()


def visits_command(filling: Filling, *arguments: str) -> Result:
    url = filling.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["dashboard", "visits", *arguments, "--database", url])


def test_the_command_enters_and_takes_out(filling: Filling) -> None:
    filling.month(filling.terminal("Stua"), "2022-03", (0, 0, 0, 20))
    disclosure.publish_if_due(filling.engine, [1], VISIT, TODAY, 10)
    assert visits_command(filling, "Pro Sentret", "2022-03", "210").output == "Pro Sentret, 2022-03: 210 visits.\n"
    assert stored(filling) == {"2022-03": 210}
    odd = visits_command(filling, "Pro Sentret", "2022-03", "19")
    assert odd.exit_code == 0
    assert "March 2022: more ratings than visits (20 and 19): check the number." in odd.output
    assert (
        visits_command(filling, "Pro Sentret", "2022-03", "").output == "Pro Sentret, 2022-03: no number of visits.\n"
    )
    assert stored(filling) == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Hjemme", "2022-03", "1"), "there is no site 'Hjemme'; there are: Pro Sentret"),
        (("Pro Sentret", "march", "1"), "'march' is not a month: write it as 2020-09"),
        (("Pro Sentret", "9999-12", "1"), "9999-12 has not come yet"),
        (("Pro Sentret", "2022-03", "many"), "'many' is not a whole number from 0 to 1000000"),
        (("Pro Sentret", "2022-03", "1000001"), "'1000001' is not a whole number from 0 to 1000000"),
    ],
)
def test_what_the_command_is_told_wrongly_is_answered_in_words(
    sqlite: Filling, arguments: tuple[str, ...], said: str
) -> None:
    sqlite.terminal("Stua")
    result = visits_command(sqlite, *arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.splitlines()) == 1
    assert stored(sqlite) == {}
