"""Alerts: raised once for a cause and a period, of what may be shown, and answered by those who may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from playwright.sync_api import Browser
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from dashboard import areas, exchange, language, remote, schema, store, terminal_health
from dashboard.accounts import passwords
from dashboard.accounts.people import Role
from dashboard.alerts import stored
from dashboard.alerts.saying import said
from dashboard.alerts.stored import Alert, Kind
from dashboard.mail.wishes import Kind as Wish
from dashboard.store import StoreError
from ratings.remote import Remote
from ratings.sections import Mail, Opening
from ratings.table import Slice
from ratings.wire import Condition
from tests.dashboard.checkers import axe, nu
from tests.dashboard.filling import Filling
from tests.dashboard.mailboxes import Mailbox, mailbox
from tests.dashboard.mailing import Office, part
from tests.dashboard.test_accounts import FROM_HERE, QUICK, browsing, sign_in
from tests.dashboard.test_terminal_health import WELL

KARI, OLA = "kari@example.org", "ola@example.org"
EN = language.words("en")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_nobodys", "")


def open_office(filling: Filling, mail: Mail | None = None, *terminals: tuple[str, str]) -> Office:
    """It is April 2022; a terminal or some, and nobody listens yet."""
    for name, site in terminals or (("Stua", "Pro Sentret"),):
        filling.terminal(name, site)
    office = Office(filling.engine, mail or Mail())
    office.on("2022-04-02")
    return office


def look(office: Office) -> list[Alert]:
    """Look as a process that has just been started does, and look up what there is."""
    assert office.post().round()
    with store.reading(office.engine) as connection:
        ids = list(connection.scalars(schema.site.select().with_only_columns(schema.site.c.id)))
        return stored.open_of(connection, ids)[::-1]


def headings(alerts: list[Alert]) -> list[str]:
    return [said(each, EN).heading for each in alerts]


def test_a_month_above_the_level_is_told_once(filling: Filling) -> None:
    office = open_office(filling)
    filling.month("stua", "2022-03", (5, 9, 20, 26))
    for _ in range(3):
        alerts = look(office)
        office.clock.moment += timedelta(hours=1)
    (alert,) = alerts
    assert headings(alerts) == ["23% were dissatisfied in March 2022"]
    assert said(alert, EN).text == (
        "14 of 60 ratings were unhappy or very unhappy (95% interval 14–35%). It is told above 20%."
    )
    assert said(alert, language.words("nb")).heading == "23\xa0% var misfornøyd i mars 2022"
    # What comes late and is enough changes the page; what was told stays as it could be shown then.
    filling.month("stua", "2022-03", (5, 9, 20, 90))
    assert look(office) == alerts


@pytest.mark.parametrize(
    ("counts", "level"),
    [((0, 12, 24, 24), None), ((5, 9, 20, 26), 25), ((30, 10, 10, 10), 0), ((5, 4, 0, 0), None), ((0, 0, 0, 0), None)],
)
def test_what_is_not_above_the_level_or_hidden_is_not_told(
    filling: Filling, counts: tuple[int, int, int, int], level: int | None
) -> None:
    office = open_office(filling)
    filling.month("stua", "2022-03", counts)
    if level is not None:
        with filling.engine.begin() as connection:
            stored.set_level(connection, 1, level)
    assert look(office) == []


def test_alerts_of_a_site_are_all_raised_or_none(sqlite: Filling) -> None:
    office = open_office(sqlite)
    sqlite.month("stua", "2022-02", (0, 0, 200, 200))
    sqlite.month("stua", "2022-03", (50, 50, 20, 26))
    with sqlite.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON alert WHEN (SELECT count(*) FROM alert) = 1 "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises((StoreError, DBAPIError), match="full"):
        office.post().round()
    with sqlite.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.alert)) == 0
        connection.exec_driver_sql("DROP TRIGGER full")
    assert len(look(office)) == 2


def test_neither_the_running_month_nor_years_ago_are_told(filling: Filling) -> None:
    office = open_office(filling)
    for month in ("2019-03", "2021-12", "2022-04"):
        filling.month("stua", month, (30, 30, 20, 20))
    filling.trend("stua", "2022-04-04/2022-04-10", (30, 0, 0, 0))
    office.on("2022-04-11")
    assert look(office) == []


@pytest.mark.parametrize(
    ("then", "now", "is_told"),
    [
        ((1, 2, 30, 67), (2, 12, 40, 46), True),
        # Clear at 95 %, not at 99 %.
        ((1, 2, 30, 67), (1, 9, 40, 50), False),
        ((1, 2, 30, 67), (0, 0, 40, 60), False),
        ((0, 12, 40, 48), (0, 0, 40, 60), False),
    ],
)
def test_a_fall_is_told_where_it_is_clear_at_99_percent(
    filling: Filling, then: tuple[int, int, int, int], now: tuple[int, int, int, int], is_told: bool
) -> None:
    office = open_office(filling)
    filling.month("stua", "2022-02", then)
    filling.month("stua", "2022-03", now)
    alerts = look(office)
    assert headings(alerts) == (["Fewer were satisfied in March 2022 than before"] if is_told else [])
    if is_told:
        text = said(alerts[0], EN).text
        assert "86% of 100 ratings, against 97% of 100 in February 2022." in text
        assert re.search(r"a fall of [\d.]+ to 2\d percentage points", text)


def test_a_piece_of_the_trend_is_told_when_it_is_shown_and_not_before(filling: Filling) -> None:
    office = open_office(filling)
    filling.trend("stua", "2022-04-01/2022-04-10", (0, 1, 9, 20))
    filling.trend("stua", "2022-04-11/2022-04-17", (0, 9, 6, 6))
    office.on("2022-04-18")
    assert look(office) == [], "it is held back"
    filling.trend("stua", "2022-04-18/2022-04-24", (0, 0, 6, 6))
    office.on("2022-04-25")
    assert headings(look(office)) == [
        "43% were dissatisfied on 11–17 April 2022",
        "Fewer were satisfied on 11–17 April 2022 than before",
    ]


def test_pounding_is_told_in_the_bands_of_the_page(filling: Filling) -> None:
    office = open_office(filling)
    filling.month("stua", "2022-02", (1, 2, 30, 40), repeat=(0, 0, 0, 8))
    filling.month("stua", "2022-03", (1, 2, 30, 40), repeat=(23, 0, 0, 0))
    (alert,) = look(office)
    assert said(alert, EN).heading == "Many presses were set aside in March 2022"
    assert said(alert, EN).text.startswith("20–29 presses came so fast")
    assert "23" not in str(alert.about)


# Terminals.


def hear(engine: Engine, terminal: str, moment: datetime, **told: Any) -> None:
    status = structs.replace(WELL, hour=f"{moment:%Y-%m-%dT%H}", day=f"{moment:%Y-%m-%d}", **told)
    with engine.begin() as connection:
        terminal_health.listened(connection, moment)
        exchange.handle_status(connection, terminal, status, moment, retained=False, sure=True)


def listen(office: Office) -> None:
    with office.engine.begin() as connection:
        terminal_health.listened(connection, office.clock())


def test_a_terminal_that_is_silent_for_a_day_is_told_once_until_it_is_heard_again(filling: Filling) -> None:
    office = open_office(filling)
    hear(filling.engine, "stua", office.clock())
    for hours, number in ((1, 0), (22, 0), (2, 1), (20, 1), (48, 1)):
        office.clock.moment += timedelta(hours=hours)
        listen(office)
        alerts = look(office)
        assert len(alerts) == number, hours
    assert headings(alerts) == ["Stua has not been heard since 2 April 2022"]
    assert alerts[0].ended is None
    hear(filling.engine, "stua", office.clock())
    (ended,) = look(office)
    assert ended.ended == office.today()
    office.clock.moment += timedelta(hours=30)
    listen(office)
    assert len(look(office)) == 2, "silent again"


def test_while_nobody_listens_nothing_is_said_of_terminals(filling: Filling) -> None:
    office = open_office(filling)
    hear(filling.engine, "stua", office.clock())
    office.clock.moment += timedelta(days=3)
    assert look(office) == []


def test_what_is_stuck_is_told_as_long_as_it_is(filling: Filling) -> None:
    office = open_office(filling)
    hear(filling.engine, "stua", office.clock(), buttons=Condition.TROUBLE)
    for _ in range(3):
        assert headings(look(office)) == ["A button of Stua is stuck"]
        office.clock.moment += timedelta(hours=9)
        hear(filling.engine, "stua", office.clock(), buttons=Condition.TROUBLE)
    hear(filling.engine, "stua", office.clock())
    (alert,) = look(office)
    assert alert.ended == office.today()
    office.clock.moment += timedelta(days=1)
    hear(filling.engine, "stua", office.clock(), buttons=Condition.TROUBLE)
    assert headings(look(office)) == ["A button of Stua is stuck"] * 2
    # The kiosk stands still, while the courier speaks.
    office.clock.moment += timedelta(days=5)
    with filling.engine.begin() as connection:
        terminal_health.listened(connection, office.clock())
        told = structs.replace(WELL, hour=f"{office.clock():%Y-%m-%dT%H}", day="2022-04-02")
        exchange.handle_status(connection, "stua", told, office.clock(), retained=False, sure=True)
    assert headings(look(office))[-1] == "Stua may not be running"


def pieces(filling: Filling, terminal: str = "stua") -> None:
    """Of March, the last of which ends with it."""
    filling.month(terminal, "2022-03", (0, 0, 60, 60))
    for days in ("01/2022-03-13", "14/2022-03-20", "21/2022-03-31"):
        filling.trend(terminal, f"2022-03-{days}", (0, 0, 20, 20))


@pytest.mark.parametrize(
    ("day", "hours", "is_told"),
    [
        ("2022-05-01", None, False),
        ("2022-05-06", None, True),
        # Closed for three weeks, it is not expected.
        ("2022-05-06", Opening(closed=["2022-04-08/2022-04-28"]), False),
        ("2022-05-27", Opening(closed=["2022-04-08/2022-04-28"]), True),
        ("2022-05-06", Opening(monday=["10:00-16:00"], friday=["10:00-16:00"]), True),
        ("2022-05-06", Opening(monday=["10:00-16:00"], friday=["10:00-16:00"], closed=["2022-04-15"]), False),
    ],
)
def test_very_few_ratings_are_told_without_a_number(
    filling: Filling, day: str, hours: Opening | None, is_told: bool
) -> None:
    office = open_office(filling)
    pieces(filling)
    if hours:
        with filling.engine.begin() as connection:
            remote.put(connection, remote.Place("site", "Pro Sentret"), Remote(hours=hours), "test")
    office.on(day)
    hear(filling.engine, "stua", office.clock())
    alerts = look(office)
    assert headings(alerts) == ["Very few ratings"] * is_told
    for each in alerts:
        assert not re.search(r"\d", said(each, EN).text)
        assert each.about == {}
    office.clock.moment += timedelta(hours=1)
    hear(filling.engine, "stua", office.clock())
    assert look(office) == alerts


def test_few_are_told_of_neither_one_that_is_away_nor_one_that_keeps_no_trend_nor_a_live_one(filling: Filling) -> None:
    office = open_office(filling)
    pieces(filling)
    office.on("2022-05-06")
    hear(filling.engine, "stua", office.clock() - timedelta(hours=3))
    listen(office)
    assert look(office) == []
    hear(filling.engine, "stua", office.clock(), release="live")
    assert look(office) == []
    filling.terminal("Bod", "Lageret")
    filling.month("bod", "2022-03", (0, 0, 60, 60))
    hear(filling.engine, "bod", office.clock())
    assert look(office) == []


def test_of_two_terminals_the_one_is_named_that_nobody_presses(filling: Filling) -> None:
    office = open_office(filling, None, ("Stua", "Pro Sentret"), ("Hall", "Pro Sentret"))
    pieces(filling)
    pieces(filling, "hall")
    filling.month("hall", "2022-04", (0, 0, 60, 60))
    filling.trend("hall", "2022-04-01/2022-04-30", (0, 0, 60, 60))
    office.on("2022-05-09")
    for terminal in ("stua", "hall"):
        hear(filling.engine, terminal, office.clock())
    assert headings(look(office)) == ["Very few ratings at Stua"]


# Mail.


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path / "box", "none") as found:
        yield found


def test_an_alert_is_mailed_once_to_those_who_asked_and_see_the_site(filling: Filling, box: Mailbox) -> None:
    office = open_office(filling, box.settings(), ("Stua", "Pro Sentret"), ("Bod", "Lageret"))
    with filling.engine.begin() as connection:
        areas.put(connection, ["Pro Sentret"], "Oslo")
    for name, address, held, places in (
        ("Kari", KARI, {1: Role.EDITOR}, ("site-1", "all")),
        ("Ola", OLA, None, ("area-1",)),
        ("Other", "other@example.org", {2: Role.EDITOR}, ("all", "site-1")),
        ("None", "none@example.org", {1: Role.EDITOR}, ()),
    ):
        person = office.person(name, None if held else Role.VIEWER, held)
        office.wish(person, address, *places, code="en" if name == "Ola" else "nb", kind=Wish.ALERTS)
    filling.month("stua", "2022-03", (5, 9, 20, 26))
    for _ in range(3):
        office.post().round()
        office.clock.moment += timedelta(hours=1)
    found = {str(each["To"]): each for each in box.letters}
    assert len(box.letters) == 2
    assert found[KARI]["Subject"] == "Pro Sentret: 23 % var misfornøyd i mars 2022"
    assert found[OLA]["Subject"] == "Pro Sentret: 23% were dissatisfied in March 2022"
    for kind in ("plain", "html"):
        text = part(found[OLA], kind)
        assert "14 of 60 ratings" in text
        assert "https://fjes.example.org/site-1/alerts?lang=en" in text
        assert "https://fjes.example.org/account?lang=en" in text


def test_the_mail_looks_as_it_should(sqlite: Filling, box: Mailbox, browser: Browser, tmp_path: Path) -> None:
    office = open_office(sqlite, box.settings(), ("Stua", "<b>Pro & Sentret</b>"))
    office.wish(office.person("Kari", Role.VIEWER), KARI, "site-1", kind=Wish.ALERTS)
    sqlite.month("stua", "2022-03", (5, 9, 20, 26))
    office.post().round()
    (letter,) = box.letters
    html = part(letter, "html")
    assert "&lt;b&gt;Pro &amp; Sentret&lt;/b&gt;" in html
    page = browser.new_page(viewport={"width": 360, "height": 700})
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe(page) == []
    page.screenshot(path=tmp_path / "alert.png", full_page=True)
    page.close()


# Pages.


@pytest.fixture
def office(sqlite: Filling) -> Office:
    """Two sites with an alert each, and people."""
    office = open_office(sqlite, None, ("Stua", "Pro Sentret"), ("Bod", "Lageret"))
    for number, terminal in enumerate(("stua", "bod"), start=1):
        sqlite.month(terminal, "2022-03", (5, 9, 20, 26))
        assert len(look(office)) == number
    office.person("Admin", Role.ADMINISTRATOR)
    office.person("Viewer", Role.VIEWER)
    office.person("Editor", None, {1: Role.EDITOR, 2: Role.VIEWER})
    return office


def alerts_of(office: Office) -> dict[int, Alert]:
    with store.reading(office.engine) as connection:
        return {each: found for each in (1, 2) if (found := stored.find(connection, each))}


def test_an_alert_is_acknowledged_and_commented_on_by_those_who_may(office: Office) -> None:
    editor, viewer = sign_in(office.app, "Editor"), sign_in(office.app, "Viewer")
    page = editor.get("/site-1/alerts?lang=en").text
    assert "Alerts (1)" in page
    assert "23% were dissatisfied in March 2022" in page
    assert "Alerts (2)" in viewer.get("/all?lang=en").text
    assert "<textarea" not in viewer.get("/site-1/alerts").text
    assert "<textarea" not in editor.get("/site-2/alerts").text
    sent = {"what": "acknowledge", "comment": " Mye støy.\r\n\r\nVi ser på det. "}
    for client, address, status in (
        (viewer, "/site-1/alerts/1", 403),
        (editor, "/site-2/alerts/2", 403),
        (editor, "/all/alerts/2", 403),
        (editor, "/site-1/alerts/2", 404),
        (editor, "/site-1/alerts/99", 404),
        (editor, "/site-1/alerts/1", 303),
        # Twice, as when a page is sent again.
        (editor, "/site-1/alerts/1", 303),
        (sign_in(office.app, "Admin"), "/all/alerts/1", 303),
    ):
        assert client.post(address, data=sent, headers=FROM_HERE).status_code == status
    found = alerts_of(office)
    assert found[1].answered_by == "Editor"
    text = "Mye støy.\n\nVi ser på det."
    assert [(each.who, each.text) for each in found[1].notes] == [("Editor", text), ("Editor", text), ("Admin", text)]
    assert found[2].answered is None
    page = viewer.get("/site-1/alerts?lang=en").text
    assert "Alerts (" not in page
    assert "Acknowledged by Editor, " in page
    assert "Vi ser på det." in page


@pytest.mark.parametrize(
    ("sent", "said_"),
    [
        ({"what": "comment", "comment": "  "}, "Write a comment first."),
        ({}, "Write a comment first."),
        ({"what": "comment", "comment": "x" * 1001}, "A comment has at most 1,000 characters."),
        ({"what": "acknowledge", "comment": "x\x00y"}, "cannot be shown"),
        ({"what": "acknowledge", "comment": "\u202eevil"}, "cannot be shown"),
    ],
)
def test_a_comment_that_is_none_is_refused(office: Office, sent: dict[str, str], said_: str) -> None:
    answer = sign_in(office.app, "Admin").post("/site-1/alerts/1?lang=en", data=sent, headers=FROM_HERE)
    assert answer.status_code == 400
    assert said_ in answer.text
    assert alerts_of(office)[1].answered is None
    for link in re.findall(r'href="([^"]+lang=nb)"', answer.text):
        assert sign_in(office.app, "Admin").get(link.replace("&amp;", "&")).status_code == 200


def test_a_hostile_comment_is_text(office: Office) -> None:
    admin = sign_in(office.app, "Admin")
    sent = {"what": "comment", "comment": "<script>alert(1)</script>"}
    assert admin.post("/site-1/alerts/1", data=sent, headers=FROM_HERE).status_code == 303
    page = admin.get("/site-1/alerts").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_level_is_set_by_those_who_may_and_noted(office: Office) -> None:
    editor, admin = sign_in(office.app, "Editor"), sign_in(office.app, "Admin")
    for client, address, percent, status in (
        (sign_in(office.app, "Viewer"), "/site-1/alerts", "30", 403),
        (editor, "/site-2/alerts", "30", 403),
        (editor, "/site-1/alerts", "31", 400),
        (editor, "/site-1/alerts", "", 400),
        (admin, "/all/alerts", "30", 400),
        (editor, "/site-1/alerts", "30", 303),
    ):
        assert client.post(address, data={"percent": percent}, headers=FROM_HERE).status_code == status
    with store.reading(office.engine) as connection:
        assert (stored.level(connection, 1), stored.level(connection, 2)) == (30, 20)
    assert '<option value="30" selected>30%' in editor.get("/site-1/alerts?lang=en").text
    deeds = admin.get("/deeds?lang=en").text
    assert "set from which share on it is told" in deeds
    assert "Pro Sentret: 30 %" in deeds


@pytest.fixture
def browsed(office: Office, browser: Browser) -> Iterator[Callable[..., Any]]:
    with browsing(office.app, browser) as page:
        yield page


def test_an_alert_is_answered_by_hand(browsed: Callable[..., Any], office: Office) -> None:
    """As an editor would who comes from the mail: by keyboard and eye, without script."""
    page = browsed("Editor", java_script_enabled=False)
    page.goto("/site-1/alerts?lang=en")
    alert = page.get_by_role("article", name="23% were dissatisfied in March 2022")
    alert.get_by_label("Comment").fill("It was loud all month.\nWe talk about it on Monday.")
    alert.get_by_role("button", name="Acknowledge").click()
    assert page.get_by_role("status").inner_text() == "Stored."
    answered = page.get_by_role("region", name="Acknowledged").get_by_role("article")
    assert "We talk about it on Monday." in answered.inner_text()
    assert "Acknowledged by Editor" in answered.inner_text()
    assert page.get_by_role("region", name="To be seen to").get_by_role("article").count() == 0
    answered.get_by_text("Add a comment").click()
    answered.get_by_label("Comment").fill("Done.")
    answered.get_by_role("button", name="Store").click()
    assert [note.text for note in alerts_of(office)[1].notes][-1] == "Done."
    page.get_by_role("link", name="Get alerts by mail").click()
    page.get_by_label("E-mail address").fill(KARI)
    page.get_by_label("Alerts: Pro Sentret").check()
    page.get_by_role("region", name="By mail").get_by_role("button", name="Store").click()
    assert page.get_by_label("Alerts: Pro Sentret").is_checked()


def _answered(office: Office) -> None:
    with office.engine.begin() as connection:
        alert = stored.find(connection, 1)
        assert alert is not None
        comment = "Det var mye bråk i hele mars.\nVi tar det opp på mandag."
        stored.answer(connection, alert, "Kari Nordmann", comment, office.clock(), acknowledge=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(browsed: Callable[..., Any], office: Office, scheme: str, tmp_path: Path) -> None:
    _answered(office)
    for width in (360, 1440):
        page = browsed("Admin", color_scheme=scheme, viewport={"width": width, "height": 900})
        for address, code in (("/all/alerts", "nb"), ("/site-1/alerts", "en"), ("/account", "nb")):
            page.goto(f"{address}?lang={code}")
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            page.screenshot(path=tmp_path / f"{address.replace('/', '-')}-{width}-{scheme}.png", full_page=True)


def test_the_pages_are_valid_html(office: Office, tmp_path: Path) -> None:
    _answered(office)
    admin = sign_in(office.app, "Admin")
    addresses = ("/all/alerts", "/site-1/alerts", "/site-2/alerts", "/account")
    found = {
        f"{address} {code}": admin.get(f"{address}?lang={code}").text for address in addresses for code in ("nb", "en")
    }
    sent = {"address": "kari", "report-site-1": "yes"}
    found["wrong"] = admin.post("/account/mail", data=sent, headers=FROM_HERE).text
    folder = tmp_path / "html"
    folder.mkdir()
    assert nu(found, folder) == []


def test_languages_and_hours_make_no_alert(sqlite: Filling) -> None:
    """Alerts are of totals and the trend: a small group is never what somebody is told of."""
    office = open_office(sqlite)
    sqlite.month("stua", "2022-01", (0, 0, 30, 30))
    sqlite.split("stua", Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 30, 20), "th": (10, 0, 0, 0)})
    assert {each.kind for each in look(office)} <= {Kind.LEVEL, Kind.FALL}
    assert look(office) == []
