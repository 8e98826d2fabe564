"""The pages about terminals: what administrators see of each, and do about it; with a real mosquitto and browser."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec import structs
from playwright.sync_api import Browser
from sqlalchemy import Engine, insert, select

from dashboard import cards, enrolled, enrolment, exchange, quarantine, schema, store, terminal_health, undecodable
from dashboard.accounts import passwords, people
from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.broker import Folder
from dashboard.enrolment import Newcomer
from dashboard.web import create_app
from ratings import config
from ratings.config import Dashboard
from ratings.wire import ClockState, Condition, Room, Status
from tests.closed import Closed, let_in, made, somebody
from tests.conftest import LIMIT_SECONDS
from tests.dashboard.checkers import axe, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling
from tests.dashboard.test_accounts import FROM_HERE, HASH, PASSWORD, QUICK, sign_in

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
EPOCH = "11111111-1111-4111-8111-111111111111"
NB = {"languages": ["nb", "en"]}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_nobodys", "")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return made(tmp_path / "broker").folder


def application(engine: Engine, folder: Folder | None) -> Flask:
    with engine.begin() as connection:
        person = people.add(connection, "Admin", HASH, Role.ADMINISTRATOR)
        people.set_password(connection, person.id, HASH, handed_over=False)
        terminal_health.listened(connection, NOW)
    settings = Dashboard(broker=folder.path if folder else None)
    return create_app(engine, settings, today=NOW.date, access=Access(engine, lambda: NOW))


@pytest.fixture
def app(engine: Engine, folder: Folder) -> Flask:
    """Pages that may write into the broker's folder."""
    return application(engine, folder)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return sign_in(app, "Admin")


def enrol(engine: Engine, folder: Folder | None, *names: str, site: str = "Pro Sentret") -> None:
    enrolment.enrol(engine, [Newcomer(name, site) for name in names], folder, cards.into({}), "somebody")


def hear(engine: Engine, terminal: str, moment: datetime = NOW, **told: Any) -> None:
    status = Status(
        "online", "1.2", EPOCH, 0, "closed", hour=f"{moment:%Y-%m-%dT%H}", day=f"{moment:%Y-%m-%d}", pending=0,
        clock=ClockState.NETWORK, room=Room.PLENTY, store=Condition.WELL, heat=Condition.WELL,
    )  # fmt: skip
    with engine.begin() as connection:
        exchange.handle_status(connection, terminal, structs.replace(status, **told), moment)


def post(client: FlaskClient, address: str, **fields: Any) -> Any:
    return client.post(f"{address}?lang=en", data=fields, headers=FROM_HERE)


def text_of(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def listing(engine: Engine) -> dict[str, tuple[str, str, bool]]:
    with store.reading(engine) as connection:
        return {each.id: (each.name, each.site, each.revoked is not None) for each in enrolled.listing(connection)}


# What is seen.


def test_what_is_to_be_seen_to_stands_first_and_says_why(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    enrol(engine, folder, "Stua", "Venterom", "Hall", "Ny")
    hear(engine, "stua")
    hear(engine, "hall", NOW - timedelta(days=3))
    hear(engine, "venterom", clock=ClockState.WRONG, heat=Condition.TROUBLE, room=Room.LITTLE)
    shown = text_of(admin.get("/terminals?lang=en").text)
    parts = [
        "2 are to be seen to",
        "Hall Pro Sentret Silent since 20 November 2026, 15:00",
        "Venterom Pro Sentret Online Its clock is not known to be right",
        "Its card is almost full.",
        "It is too hot.",
        "The others",
        "Ny Pro Sentret Not heard from yet – not told",
        "Stua Pro Sentret Online Nothing Set by the network Plenty of room All right 1.2",
    ]
    assert [shown.find(each) for each in parts] == sorted(shown.find(each) for each in parts)
    for each in parts:
        assert each in shown, each
    norwegian = text_of(admin.get("/terminals?lang=nb").text)
    assert "2 må sees til" in norwegian
    assert "Taus siden 20. november 2026 kl. 15" in norwegian
    assert "Den er for varm." in norwegian


def test_where_nobody_listens_that_is_said_first(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    enrol(engine, folder, "Stua")
    with engine.begin() as connection:
        terminal_health.listened(connection, NOW - timedelta(days=1))
    html = admin.get("/terminals?lang=en").text
    assert "Nobody has listened to the terminals since 2026-11-22 14:20 UTC" in html
    assert "<code>fjes dashboard ingest</code>" in html
    assert html.index("Nobody has listened") < html.index("Stua")


def test_one_terminals_page_has_all_of_it(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    enrol(engine, folder, "Stua")
    hear(engine, "stua", pending=3, power=Condition.TROUBLE, config_refused="[hours]: <b>x</b>")
    shown = text_of(admin.get("/terminals/stua?lang=en").text)
    for each in (
        "Online",
        "Waiting to be sent 3 tables",
        "Power supply Too weak",
        "Settings Nothing is set from here",
        "Buttons Not told",
        "Id stua",
        "Its power supply is too weak.",
        "It refuses what is set of it, and goes on as it was: [hours]: &lt;b&gt;x&lt;/b&gt;.",
    ):
        assert each in shown, each


# Added, revoked, reissued: with a real broker.


@pytest.fixture
def closed(folder: Folder) -> Iterator[Closed]:
    with Closed(folder) as running:
        yield running


def answers(closed: Closed, text: str) -> str:
    """What the broker says to whoever has this file."""
    login = config.read(text).broker
    with somebody(closed, (login.username or "", login.password or "")) as there:
        return there.answer.get(timeout=LIMIT_SECONDS)


def test_added_it_delivers_revoked_it_is_refused_and_reissued_let_in_again(
    engine: Engine, closed: Closed, admin: FlaskClient, wait_for: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    answer = post(admin, "/terminals", name=" Stua ", site="Pro Sentret", timezone="Europe/Oslo", **NB)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=stua.fjes.toml"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/toml"
    read = config.read(answer.text)
    assert (read.terminal.id, read.kiosk.languages) == ("stua", ["nb", "en"])
    login = read.broker.username or "", read.broker.password or ""
    wait_for(lambda: answers(closed, answer.text) == "Success", "the broker to know it")
    with let_in(closed, *login) as stua:
        stua.listen("fjes/v1/stua/ack")
        assert post(admin, "/terminals/stua/revoke").status_code == 303
        wait_for(stua.thrown_out.is_set, "its connection to end")
    assert "authori" in answers(closed, answer.text).lower()
    again = post(admin, "/terminals/stua/file", **NB)
    assert again.headers["Content-Disposition"] == "attachment; filename=stua.fjes.toml"
    wait_for(lambda: answers(closed, again.text) == "Success", "the broker to know its new password")
    assert "authori" in answers(closed, answer.text).lower(), "the old one has ended"
    # It is nowhere but in the file.
    with store.reading(engine) as connection:
        rows = str([list(connection.execute(select(table))) for table in schema.metadata.sorted_tables])
    pages = "".join(admin.get(address).text for address in ("/terminals", "/terminals/stua", "/deeds"))
    for password in (login[1], config.read(again.text).broker.password or "?"):
        for place in (rows, pages, caplog.text, closed.folder.passwords.read_text()):
            assert password not in place


def test_what_was_done_is_noted(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    post(admin, "/terminals", name="Stua", site="Pro Sentret", **NB)
    post(admin, "/terminals/stua/name", name="Salongen")
    post(admin, "/terminals/stua/site", site="Lageret")
    post(admin, "/terminals/stua/revoke")
    post(admin, "/terminals/stua/file", **NB)
    post(admin, "/refused")
    found = re.findall(r"<td>(.*?)</td>", admin.get("/deeds?lang=en").text)
    assert [found[number : number + 3] for number in range(0, len(found), 3)] == [
        ["Admin", "tried again what was refused", ""],
        ["Admin", "new file for a terminal", "Salongen (Lageret)"],
        ["Admin", "revoked a terminal", "Salongen (Lageret)"],
        ["Admin", "moved a terminal", "Salongen (Pro Sentret) → Salongen (Lageret)"],
        ["Admin", "renamed a terminal", "Stua (Pro Sentret) → Salongen"],
        ["Admin", "enrolled a terminal", "Stua (Pro Sentret)"],
    ]


def test_without_a_brokers_folder_it_gets_an_id_and_no_file(engine: Engine) -> None:
    admin = sign_in(application(engine, None), "Admin")
    answer = post(admin, "/terminals", name="Stua", site="Pro Sentret", **NB)
    assert answer.status_code == 200
    assert "Content-Disposition" not in answer.headers
    assert "id = &#34;stua&#34;" in answer.text or 'id = "stua"' in answer.text
    page = admin.get("/terminals/stua?lang=en").text
    assert "A new file" not in page
    assert post(admin, "/terminals/stua/file", **NB).status_code == 400
    assert post(admin, "/terminals/stua/revoke").status_code == 303
    assert listing(engine) == {"stua": ("Stua", "Pro Sentret", True)}


def test_where_the_pages_may_not_write_they_say_what_to_run_and_do_the_rest(
    engine: Engine, folder: Folder, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(engine, folder, "Stua")
    logins = folder.passwords.read_text()
    # Root may write anywhere; so this stands for a folder of another user's.
    monkeypatch.setattr(Folder, "is_open", lambda _: False)
    page = admin.get("/terminals?lang=en").text
    assert "sudo fjes dashboard terminal add NAME --site SITE" in page
    assert "<form" not in page
    answer = post(admin, "/terminals", name="Ny", site="Pro Sentret", **NB)
    assert (answer.status_code, "may not write into the broker&#39;s folder" in answer.text) == (409, True)
    assert "fjes dashboard terminal reissue stua" in admin.get("/terminals/stua?lang=en").text
    assert post(admin, "/terminals/stua/file", **NB).status_code == 409
    assert post(admin, "/terminals/stua/name", name="Salongen").status_code == 303
    assert post(admin, "/terminals/stua/revoke").status_code == 303
    assert listing(engine) == {"stua": ("Salongen", "Pro Sentret", True)}
    assert "sudo fjes dashboard terminal revoke stua" in admin.get("/terminals/stua?lang=en").text
    assert folder.passwords.read_text() == logins


def test_a_folder_that_is_damaged_keeps_all_out(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    (folder.logins / ".passwords.new").mkdir()  # Where the new file would be written.
    answer = post(admin, "/terminals", name="Stua", site="Pro Sentret", **NB)
    assert (answer.status_code, "The broker&#39;s logins could not be changed" in answer.text) == (503, True)
    assert listing(engine) == {}


def test_a_broker_that_cannot_be_told_is_told_of(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    assert "sudo systemctl reload mosquitto" in admin.get("/terminals").text
    with Closed(folder):
        assert "sudo systemctl reload mosquitto" not in admin.get("/terminals").text


# Wrong, twice, and hostile.


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"name": "Stua", "site": "x"}, 409, "There is already a terminal called &#39;Stua&#39;; choose another name."),
        ({"name": "", "site": "x"}, 400, "The terminal&#39;s name &#39;&#39; is not allowed"),
        ({"name": "x" * 201, "site": "x"}, 400, "is not allowed; allowed: 1 to 200 characters in one line."),
        ({"name": "two\nlines", "site": "x"}, 400, "is not allowed"),
        ({"name": "B", "site": "\u202eevil"}, 400, "The site&#39;s name"),
        ({"name": "B", "site": "x", "timezone": "Oslo"}, 400, "The time zone &#39;Oslo&#39; is not known"),
        ({"name": "B", "site": "x", "languages": []}, 400, "Choose at least one language."),
        ({"name": "B", "site": "x", "languages": ["klingon"]}, 400, "Choose at least one language."),
        ({}, 400, "is not allowed"),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    engine: Engine, folder: Folder, admin: FlaskClient, fields: dict[str, Any], code: int, said: str
) -> None:
    enrol(engine, folder, "Stua")
    answer = post(admin, "/terminals", **(NB | fields))
    assert answer.status_code == code
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert [*listing(engine)] == ["stua"]
    assert folder.users() == {"fjes_dashboard", "stua"}


def test_sent_twice_the_second_changes_nothing(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    new = {"name": "Stua", "site": "Pro Sentret", **NB}
    assert [post(admin, "/terminals", **new).status_code for _ in range(2)] == [200, 409]
    assert [post(admin, "/terminals/stua/revoke").status_code for _ in range(2)] == [303, 409]
    assert "&#39;Stua&#39; is revoked already." in post(admin, "/terminals/stua/revoke").text
    assert [post(admin, "/terminals/stua/name", name="Hall").status_code for _ in range(2)] == [303, 409]


@pytest.mark.parametrize("id_", ["nobody", "x" * 3_000, "..%2f..%2fetc", "%00", "<script>", "Stua"])
def test_an_unknown_id_is_a_message_on_every_route(
    engine: Engine, folder: Folder, admin: FlaskClient, id_: str
) -> None:
    enrol(engine, folder, "Stua")
    for what in ("", "/name", "/site", "/file", "/revoke"):
        ask = admin.get if not what else admin.post
        answer = ask(f"/terminals/{id_}{what}?lang=en", data={"name": "B", "site": "B", **NB}, headers=FROM_HERE)
        assert answer.status_code == 404, what
        assert "<script>" not in answer.text
        assert "There is no such" in answer.text
    assert post(admin, "/refused", terminal="nobody").status_code == 404
    assert listing(engine) == {"stua": ("Stua", "Pro Sentret", False)}


def test_hostile_names_are_text(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    name = "<script>alert(1)</script>\"'% %(name)s"
    assert post(admin, "/terminals", name=name, site=name, **NB).status_code == 200
    (id_,) = listing(engine)
    again = post(admin, "/terminals", name=name, site=name, **NB)
    assert again.status_code == 409
    pages = [admin.get(each).text for each in ("/terminals", f"/terminals/{id_}", "/deeds")]
    for html in (again.text, *pages):
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


# Many at once.


def send_list(client: FlaskClient, content: str | bytes) -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return post(client, "/terminals-list", list=(io.BytesIO(raw), "list.csv"))


def test_a_list_is_answered_with_all_their_files(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    answer = send_list(admin, "name;site;languages\nStua;Pro Sentret;nb en\nRom Ø;Pro Sentret;\n")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=terminals.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        cards_ = {name: config.read(archive.read(name).decode()) for name in archive.namelist()}
    assert {name: card.kiosk.languages[:2] for name, card in cards_.items()} == {
        "stua.fjes.toml": ["nb", "en"],
        "rom-o.fjes.toml": ["nb", "en"],
    }
    assert len({card.broker.password for card in cards_.values()}) == 2
    assert folder.users() == {"fjes_dashboard", "stua", "rom-o"}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("name,site\nA,x\nStua,x\n", 409, "Line 3: there is already a terminal called &#39;Stua&#39;"),
        ("name,site,timezone\nA,x,\nB,x,Oslo\n", 400, "Line 3: the time zone &#39;Oslo&#39; is not known"),
        ("name,site\nA,\n", 400, "Line 2: the site is missing."),
        ("name,site\nA,x,y\n", 400, "Line 2 has 3 cells; allowed: 2, as in line 1."),
        ("<script>,site\n", 400, "Line 1 names the columns &lt;script&gt;, site;"),
        (b"name,site\nN\xe6r,x\n", 400, "Line 2 is not UTF-8; save it as CSV in UTF-8."),
        ("", 400, "Line 1 names the columns (none);"),
        ("x" * 70_000, 413, "That did not work."),
    ],
)
def test_a_list_with_something_wrong_names_the_line_and_changes_nothing(
    engine: Engine, folder: Folder, admin: FlaskClient, content: str | bytes, code: int, said: str
) -> None:
    enrol(engine, folder, "Stua")
    answer = send_list(admin, content)
    assert answer.status_code == code
    assert said in answer.text
    assert [*listing(engine)] == ["stua"]
    assert folder.users() == {"fjes_dashboard", "stua"}
    assert post(admin, "/terminals-list").status_code == 400


def test_a_list_without_a_brokers_folder_gives_ids(engine: Engine) -> None:
    admin = sign_in(application(engine, None), "Admin")
    html = send_list(admin, "name,site\nStua,x\nHall,x\n").text
    assert "All are enrolled" in html
    assert re.findall('id = (?:"|&#34;)(.*?)(?:"|&#34;)', html) == ["stua", "hall"]


# Renamed.


def test_a_name_is_on_the_pages_at_once_and_the_figures_stay(filling: Filling, folder: Folder) -> None:
    enrol(filling.engine, folder, "Stua")
    filling.month("stua", "2026-10", (1, 2, 30, 40))
    admin = sign_in(application(filling.engine, folder), "Admin")
    assert "<h1>Stua</h1>" in admin.get("/terminal-stua?lang=en").text
    assert post(admin, "/terminals/stua/name", name="Salongen").status_code == 303
    page = admin.get("/terminal-stua?lang=en").text
    assert "<h1>Salongen</h1>" in page
    assert "70 of 73" in page


def test_one_that_imports_find_by_its_name_keeps_it(engine: Engine, folder: Folder, admin: FlaskClient) -> None:
    enrol(engine, folder, "Stua")
    with engine.begin() as connection:
        days = {"first_day": NOW.date(), "last_day": NOW.date(), "file_hash": "f" * 64}
        connection.execute(insert(schema.imported).values(epoch="i", terminal_id="stua", **days))
    answer = post(admin, "/terminals/stua/name", name="Salongen")
    assert (answer.status_code, "they would count twice" in answer.text) == (409, True)
    assert listing(engine)["stua"][0] == "Stua"


# What was refused.


def refuse(engine: Engine, terminal: str) -> None:
    ahead = b'["visit","total","2026-12",{"counted":[67,0,0,89]}]'
    with engine.begin() as connection:
        with pytest.raises(ValueError, match="in the future") as found:
            quarantine.read(ahead, NOW.date())
        connection.execute(insert(schema.epoch).values(terminal_id=terminal, epoch=EPOCH, upto=1))
        refused = [(ahead, str(found.value)), (b'["nonsense",97]', "no table")]
        quarantine.keep(connection, terminal, EPOCH, 1, refused, NOW.date())
        undecodable.keep(connection, terminal, "tables", b'{"tables":[97]<script>', "not a batch", NOW.date())


def test_what_was_refused_is_shown_with_reason_and_month_and_no_number(
    engine: Engine, folder: Folder, admin: FlaskClient
) -> None:
    enrol(engine, folder, "Stua", "Hall")
    assert "Nothing is refused." in admin.get("/refused?lang=en").text
    refuse(engine, "stua")
    html = admin.get("/refused?lang=en").text
    shown = text_of(html)
    assert "Stua Pro Sentret Tables that were refused November 2026: " in shown
    assert "in the future" in shown
    assert "November 2026: not a batch" in shown
    assert "Hall" not in shown
    assert "[&#34;visit&#34;,&#34;total&#34;,&#34;2026-12&#34;,{&#34;counted&#34;:[…,…,…,…]}]" in html
    assert not re.search(r"\b(67|89|97)\b", shown)
    assert "<script>" not in html


def test_tried_again_one_or_all(engine: Engine, folder: Folder) -> None:
    enrol(engine, folder, "Stua", "Hall")
    for each in ("stua", "hall"):
        refuse(engine, each)
    app = application(engine, folder)
    assert "It is still refused" in post(sign_in(app, "Admin"), "/refused").text
    later = create_app(
        engine, Dashboard(), today=lambda: NOW.date().replace(year=2027), access=Access(engine, lambda: NOW)
    )
    admin = sign_in(later, "Admin")

    def held() -> list[str]:
        row = schema.released.c
        with store.reading(engine) as connection:
            return sorted(connection.scalars(select(row.terminal_id)))

    page = post(admin, "/refused", terminal="stua").text
    assert "Some of it was taken in now." in page
    assert "The rest is still refused" in page
    assert held() == ["stua"]
    post(admin, "/refused")
    assert held() == ["hall", "stua"]
    assert not re.search(r"\b(67|89|97)\b", text_of(post(admin, "/refused").text))


# In a browser.


@pytest.fixture
def shown(sqlite: Filling, folder: Folder) -> Flask:
    """The pages, with a terminal of each kind."""
    engine = sqlite.engine
    enrol(engine, folder, "Stua", "Venterom", "Hall", "Ny", "Borte")
    hear(engine, "stua", pounding="2026-11-23")
    hear(engine, "hall", NOW - timedelta(days=3))
    hear(engine, "venterom", clock=ClockState.WRONG, room=Room.LITTLE)
    refuse(engine, "hall")
    enrolment.revoke(engine, "borte", folder, NOW.date(), "somebody")
    return application(engine, folder)


PAGES = ("/terminals", "/terminals/stua", "/terminals/hall", "/terminals/borte", "/refused", "/deeds")


def browsed(browser: Browser, origin: str, **more: Any) -> Any:
    page = browser.new_context(base_url=origin, **more).new_page()
    page.goto("/sign-in?lang=en")
    page.get_by_label("Name").fill("Admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.mark.parametrize(("scheme", "code", "width"), [("light", "nb", 1440), ("dark", "en", 320)])
def test_everybody_can_use_these_pages(shown: Flask, browser: Browser, scheme: str, code: str, width: int) -> None:
    with serving(shown) as origin:
        page = browsed(browser, origin, color_scheme=scheme)
        for address in PAGES:
            page.goto(f"{address}?lang={code}")
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            for each in (360, 768, width):
                page.set_viewport_size({"width": each, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= each, address
            assert axe(page) == [], address
        page.context.close()


def test_these_pages_are_valid_html(
    shown: Flask, sqlite: Filling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sign_in(shown, "Admin")
    pages = {
        f"{address}?lang={code}": admin.get(f"{address}?lang={code}").text for address in PAGES for code in ("nb", "en")
    }
    pages["wrong"] = post(admin, "/terminals", name="Stua", site="x", **NB).text
    pages["tried again"] = post(admin, "/refused").text
    monkeypatch.setattr(Folder, "is_open", lambda _: False)
    pages |= {f"{address}, elsewhere": admin.get(address).text for address in PAGES[:4]}
    without = create_app(sqlite.engine, Dashboard(), access=Access(sqlite.engine, lambda: NOW))
    pages["several"] = send_list(sign_in(without, "Admin"), "name,site\nEn,x\nTo,x\n").text
    pages["made"] = post(sign_in(without, "Admin"), "/terminals", name="Sist", site="x", **NB).text
    where = tmp_path / "html"
    where.mkdir()
    assert nu(pages, where) == []


def test_by_hand_and_without_script(sqlite: Filling, folder: Folder, browser: Browser) -> None:
    """Added, renamed, moved and revoked as an administrator would, who waits for the file each time."""
    with serving(application(sqlite.engine, folder)) as origin:
        page = browsed(browser, origin, java_script_enabled=False)
        page.get_by_role("link", name="Account").click()
        page.get_by_role("link", name="Terminals").click()
        form = page.get_by_role("region", name="Add a terminal")
        form.get_by_label("Name").fill("Stua")
        form.get_by_label("Site").fill("Pro Sentret")
        form.get_by_label("Thai").uncheck()
        with page.expect_download() as download:
            form.get_by_role("button", name="Add, and get its file").click()
        assert download.value.suggested_filename == "stua.fjes.toml"
        read = config.load(download.value.path())
        assert (read.terminal.id, read.kiosk.languages) == ("stua", ["nb", "en", "es", "bg", "ro"])
        page.reload()
        page.get_by_role("link", name="Stua").click()
        page.get_by_role("textbox", name="Name").fill("Salongen")
        page.get_by_role("button", name="Store").click()
        assert page.get_by_role("heading", name="Salongen").is_visible()
        page.get_by_role("combobox").fill("Lageret")
        page.get_by_role("button", name="Move").click()
        assert page.get_by_text("Lageret").is_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Get a new file").click()
        assert config.load(download.value.path()).broker.password != read.broker.password
        page.get_by_role("button", name="Revoke").click()
        assert page.get_by_role("heading", name="Revoked since 23 November 2026").is_visible()
        page.context.close()
    assert listing(sqlite.engine) == {"stua": ("Salongen", "Lageret", True)}
