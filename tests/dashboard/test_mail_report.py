"""The monthly report: who gets it, when, what is in it, and that it is what the pages show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import text

from dashboard import areas, language, store
from dashboard.accounts import passwords, people
from dashboard.accounts.people import Role
from dashboard.mail import queue, wishes
from dashboard.mail.wishes import Kind
from dashboard.pages.asking import last_closed_month
from tests.conftest import program
from tests.dashboard.checkers import axe
from tests.dashboard.filling import Filling
from tests.dashboard.mailboxes import STALLS, Mailbox, mailbox
from tests.dashboard.mailing import Office, part
from tests.dashboard.test_accounts import FROM_HERE, QUICK, sign_in

HERE = Path(__file__).resolve().parent.parent.parent
KARI, OLA = "kari@example.org", "ola@example.org"
EN = language.words("en")
FIGURES = {"2022-01": (1, 2, 30, 40), "2022-02": (0, 4, 20, 37), "2022-03": (1, 1, 19, 40)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_nobodys", "")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path / "box", "none") as found:
        yield found


@pytest.fixture
def office(sqlite: Filling, box: Mailbox) -> Office:
    """Two sites in an area, three months each; it is April."""
    return _furnished(sqlite, box)


def _furnished(filling: Filling, box: Mailbox) -> Office:
    for name, place in (("Stua", "Pro Sentret"), ("Bod", "Lageret")):
        terminal = filling.terminal(name, place)
        for month, counts in FIGURES.items():
            filling.month(terminal, month, counts)
    with filling.engine.begin() as connection:
        areas.put(connection, ["Pro Sentret"], "Oslo")
    office = Office(filling.engine, box.settings())
    office.on("2022-04-02")
    return office


def got(box: Mailbox) -> list[tuple[str, str]]:
    return [(str(each["To"]), str(each["Subject"])) for each in box.letters]


def test_a_report_comes_once_a_month_whatever_is_started_anew(filling: Filling, box: Mailbox) -> None:
    office = _furnished(filling, box)
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1")
    for day in ("2022-04-02", "2022-04-03", "2022-04-30"):
        office.on(day)
        office.post().round()
        office.post().round()
    assert got(box) == [(KARI, "Pro Sentret, mars 2022: 97 % fornøyd")]
    filling.month("stua", "2022-04", (9, 9, 20, 40))
    office.on("2022-05-01")
    post = office.post()
    post.round()
    post.round()
    assert got(box)[1:] == [(KARI, "Pro Sentret, april 2022: 77 % fornøyd")]


def test_it_says_what_the_pages_say(office: Office, box: Mailbox) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1", code="en")
    office.post().round()
    (letter,) = box.letters
    plain, html = part(letter, "plain"), part(letter, "html")
    page = sign_in(office.app, "Kari").get("/site-1?month=2022-03&lang=en").text
    for figure in ("59 of 61 ratings", "89–99%", "40 of 59 satisfied", "no clear change"):
        assert figure in html
        assert figure in page or figure == "40 of 59 satisfied"
    assert "97% are satisfied; 66% are very satisfied. Both are shares of all 61 ratings." in plain
    assert "https://fjes.example.org/site-1?lang=en&month=2022-03" in plain.replace("&month", "&month")
    assert "https://fjes.example.org/account?lang=en" in plain
    assert letter["List-Unsubscribe"] == "<https://fjes.example.org/account?lang=en>"
    assert 'alt="January 2022: ' in html
    assert "data:image/png;base64," in html
    assert "http" not in html.replace("https://fjes.example.org/", "").replace("http-equiv", "")
    (attached,) = letter.iter_attachments()
    assert attached.get_filename() == "fjes-pro-sentret-2022-03.pdf"
    for link in ("/site-1?lang=en&month=2022-03", "/account?lang=en"):
        assert sign_in(office.app, "Kari").get(link).status_code == 200


@pytest.mark.parametrize("code", ["nb", "en"])
def test_it_looks_as_it_should(office: Office, box: Mailbox, browser: Browser, tmp_path: Path, code: str) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1", code=code)
    office.post().round()
    (letter,) = box.letters
    page = browser.new_page(viewport={"width": 640, "height": 900})
    for width in (360, 640):
        page.set_viewport_size({"width": width, "height": 900})
        page.set_content(part(letter, "html"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 500)")
        page.screenshot(path=tmp_path / f"{code}-{width}.png", full_page=True)
    assert axe(page) == []
    page.close()
    (attached,) = letter.iter_attachments()
    (tmp_path / "sheet.pdf").write_bytes(attached.get_content())
    found = subprocess.run(
        [program("pdftotext", "poppler-utils"), "-layout", str(tmp_path / "sheet.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Pro Sentret" in found
    assert {"nb": "Mars 2022", "en": "March 2022"}[code] in found
    assert "97" in found


def test_each_gets_what_they_asked_for_of_what_they_see(office: Office, box: Mailbox) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "all", "area-1", "site-2", code="en")
    office.wish(office.person("Ola", None, {2: Role.VIEWER}), OLA, "all", "site-1", "site-2", "site-99", "nonsense")
    office.person("Without", Role.VIEWER)
    office.post().round()
    assert sorted(got(box)) == [
        (KARI, "All sites, March 2022: 97% satisfied"),
        (KARI, "Lageret, March 2022: 97% satisfied"),
        (KARI, "Oslo, March 2022: 97% satisfied"),
        (OLA, "Alle steder, mars 2022: 97 % fornøyd"),
        (OLA, "Lageret, mars 2022: 97 % fornøyd"),
    ]
    subjects = ("All sites", "Alle steder")
    of_all = {str(each["To"]): part(each, "plain") for each in box.letters if each["Subject"].startswith(subjects)}
    assert "122" in of_all[KARI]
    assert "61" in of_all[OLA], "all that Ola sees is one site"


def test_whoever_may_not_see_it_any_more_gets_none_though_it_waits(office: Office, box: Mailbox) -> None:
    kari = office.person("Kari", None, {1: Role.VIEWER})
    ola = office.person("Ola", Role.VIEWER)
    office.wish(kari, KARI, "site-1")
    office.wish(ola, OLA, "site-1")
    box.how["MAIL"] = "421 later"
    office.post().round()
    with office.engine.begin() as connection:
        people.set_roles(connection, kari, None, {2: Role.VIEWER})
        people.remove(connection, ola)
    box.how.clear()
    office.on("2022-04-03")
    office.post().round()
    assert box.taken == []
    with store.reading(office.engine) as connection:
        assert {row.state for row in connection.execute(text("SELECT state FROM mail"))} == {"dropped"}
    office.on("2022-05-02")
    office.post().round()
    assert box.taken == []


def test_another_address_gets_it_at_once_and_the_old_one_no_more(office: Office, box: Mailbox) -> None:
    kari = office.person("Kari", Role.VIEWER)
    office.wish(kari, "wrong@example.org", "site-1")
    box.how["MAIL"] = "421 later"
    office.post().round()
    office.wish(kari, KARI, "site-1")
    box.how.clear()
    office.on("2022-04-03")
    office.post().round()
    assert [to for to, _ in got(box)] in ([], [KARI])
    assert "wrong@example.org" not in str(box.taken)


def test_a_hidden_month_is_said_to_be_hidden_and_comes_when_it_may(
    office: Office, sqlite: Filling, box: Mailbox
) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1", code="en")
    office.post().round()
    box.taken.clear()
    sqlite.month("stua", "2022-04", (0, 1, 2, 3))
    for day in ("2022-05-01", "2022-05-07"):
        office.on(day)
        office.post().round()
        assert box.taken == [], "it may still come"
    for day in ("2022-05-08", "2022-05-09", "2022-05-31"):
        office.on(day)
        office.post().round()
    (letter,) = box.letters
    assert letter["Subject"] == "Pro Sentret, April 2022: hidden to protect visitors"
    for kind in ("plain", "html"):
        said = part(letter, kind)
        assert "April 2022: hidden to protect visitors." in said
        assert "They are shown together with those of the next months" in said
        assert "rating" not in said.replace("too few ratings", "")
    assert [*letter.iter_attachments()] == []
    sqlite.month("stua", "2022-05", (0, 1, 2, 40))
    office.on("2022-06-01")
    office.post().round()
    shown = box.letters[1]
    assert shown["Subject"] == "Pro Sentret, April–May 2022: 96% satisfied"


def test_what_comes_late_is_reported_though_the_month_was_said_to_be_hidden(
    office: Office, sqlite: Filling, box: Mailbox
) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1", code="en")
    office.on("2022-05-10")
    office.post().round()
    sqlite.month("stua", "2022-04", (0, 1, 2, 40))
    office.on("2022-05-12")
    office.post().round()
    assert [subject for _, subject in got(box)] == [
        "Pro Sentret, April 2022: hidden to protect visitors",
        "Pro Sentret, April 2022: 98% satisfied",
    ]


def test_of_several_sites_it_waits_for_the_last_one_for_a_week(office: Office, sqlite: Filling, box: Mailbox) -> None:
    office.wish(office.person("Kari", Role.VIEWER), KARI, "all", code="en")
    office.post().round()
    box.taken.clear()
    sqlite.month("stua", "2022-04", (0, 1, 2, 40))
    office.on("2022-05-02")
    office.post().round()
    assert box.taken == []
    office.on("2022-05-08")
    office.post().round()
    (letter,) = box.letters
    assert letter["Subject"] == "All sites, April 2022: 98% satisfied"
    assert "Lageret is left out" in part(letter, "plain")
    assert "Lageret is left out" in part(letter, "html")


def test_the_command_sends_it_though_it_is_killed(
    sqlite: Filling, box: Mailbox, tmp_path: Path, free_port: int, wait_for: Callable[..., None]
) -> None:
    """The real process of the pages, on the real day."""
    month = last_closed_month(datetime.now(UTC).date())
    sqlite.month(sqlite.terminal("Stua"), f"{month.first:%Y-%m}", (5, 12, 19, 37))
    office = Office(sqlite.engine, box.settings())
    kari = office.person("Kari", Role.VIEWER)
    office.wish(kari, KARI, "site-1", code="en")
    office.wish(kari, KARI, "site-1", code="en", kind=Kind.ALERTS)
    config = tmp_path / "fjes.toml"
    config.write_text(
        f'[dashboard]\ndatabase = "{sqlite.engine.url}"\nport = {free_port}\n[mail]\nhost = "localhost"\n'
        f'port = {box.port}\nsecurity = "none"\nfrom = "fjes@example.org"\npage = "https://fjes.example.org"\n'
    )
    command = [sys.executable, "-m", "fjes", "dashboard", "web", "--config", str(config)]
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    box.how["DATA"] = STALLS
    for reached in (lambda: "DATA" in box.reached, lambda: len(box.taken) == 2):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
            try:
                wait_for(reached, "it to be sent", 60)
            finally:
                process.kill()
        box.how.clear()
    assert sorted(got(box)) == [
        (KARI, f"Pro Sentret, {EN.months(month)}: 77% satisfied"),
        (KARI, f"Pro Sentret: 23% were dissatisfied in {EN.months(month)}"),
    ]


def test_names_are_text_in_every_part(sqlite: Filling, box: Mailbox) -> None:
    name = "<script>alert(1)</script> & Bcc: ola@example.org"
    terminal = sqlite.terminal("Stua", name)
    sqlite.month(terminal, "2022-03", (1, 1, 19, 40))
    office = Office(sqlite.engine, box.settings())
    office.on("2022-04-02")
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1")
    office.post().round()
    (letter,) = box.letters
    assert str(letter["Subject"]).startswith(name)
    assert letter["Bcc"] is None
    assert [to for _, all_, _ in box.taken for to in all_] == [KARI]
    assert "<script>" not in part(letter, "html")
    assert "&lt;script&gt;" in part(letter, "html")
    assert name in part(letter, "plain")


def _saved(office: Office, person: int) -> wishes.Wishes:
    with store.reading(office.engine) as connection:
        return wishes.find(connection, person)


def test_somebody_asks_for_it_on_the_page_account(office: Office) -> None:
    kari = office.person("Kari", None, {1: Role.VIEWER})
    client = sign_in(office.app, "Kari")
    page = client.get("/account?lang=en").text
    assert 'name="report-site-1"' in page
    assert "Lageret" not in page
    sent = {"address": " Kari@Example.org ", "language": "en", "report-site-1": "yes", "report-site-2": "yes", "x": "y"}
    answer = client.post("/account/mail?lang=en", data=sent, headers=FROM_HERE)
    assert answer.headers["Location"] == "/account?lang=en&saved=yes"
    assert _saved(office, kari) == wishes.Wishes("Kari@example.org", "en", {Kind.REPORT: frozenset(["site-1"])})
    page = client.get("/account?lang=en").text
    assert 'value="Kari@example.org"' in page
    assert 'name="report-site-1" value="yes" checked' in page
    client.post("/account/mail", data={"address": "kari@example.org", "language": "xx"}, headers=FROM_HERE)
    assert _saved(office, kari).places == {}
    client.post("/account/mail", data={}, headers=FROM_HERE)
    assert _saved(office, kari) == wishes.Wishes()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "Write the address"),
        ("kari", "not an e-mail address"),
        ("kari@example.org, ola@example.org", "not an e-mail address"),
        ("kari@example.org\nBcc: ola@example.org", "not an e-mail address"),
        ("<script>@example.org", "not an e-mail address"),
        ("x" * 5000, "not an e-mail address"),
    ],
)
def test_a_bad_address_is_refused_and_shown_again(office: Office, address: str, said: str) -> None:
    kari = office.person("Kari", Role.VIEWER)
    sent = {"address": address, "language": "en", "report-site-1": "yes"}
    answer = sign_in(office.app, "Kari").post("/account/mail?lang=en", data=sent, headers=FROM_HERE)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'name="report-site-1" value="yes" checked' in answer.text
    assert "<script>@" not in answer.text
    assert _saved(office, kari) == wishes.Wishes()


def test_those_who_are_removed_leave_nothing(office: Office, box: Mailbox) -> None:
    kari = office.person("Kari", Role.VIEWER)
    office.wish(kari, KARI, "site-1")
    box.to[KARI] = "550 no"
    office.post().round()
    with office.engine.begin() as connection:
        assert [each.to for each in queue.listing(connection)] == [KARI]
        people.remove(connection, kari)
        assert queue.listing(connection) == []
        rows = [*connection.execute(text("SELECT person_id FROM wish UNION SELECT person_id FROM addressee"))]
    assert rows == []
