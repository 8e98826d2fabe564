"""The page *Upkeep*: a backup made and put back by an administrator, and an import, with all that can be wrong."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import Engine, func, select

from dashboard import backup, schema, store
from dashboard.accounts import passwords, people
from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.upkeep import backups, pages
from dashboard.upkeep.jobs import Jobs, Told
from dashboard.web import create_app
from ratings.config import Dashboard
from tests.dashboard.checkers import axe, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling

TODAY = date(2022, 4, 20)
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "en lang nok setning"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
Wait = Callable[..., None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def make_app(engine: Engine, kept: Path | None) -> Flask:
    with engine.begin() as connection:
        person = people.add(connection, "Kari", QUICK.hash(PASSWORD), Role.ADMINISTRATOR)
        people.set_password(connection, person.id, QUICK.hash(PASSWORD), handed_over=False)
    return create_app(engine, Dashboard(backups=kept), today=lambda: TODAY, access=Access(engine))


@pytest.fixture
def app(filling: Filling, kept: Path) -> Flask:
    filling.month(filling.terminal("Stua"), "2022-03", (1, 2, 30, 40))
    return make_app(filling.engine, kept)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return signed_in(app)


def signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    data = {"name": "Kari", "password": PASSWORD}
    assert client.post("/sign-in", data=data, headers=FROM_HERE).status_code == 303
    return client


def finish(wait_for: Wait) -> None:
    """Wait until what was begun has ended."""
    names = ("backup", "restore", "import", "import-try")
    wait_for(lambda: not [each for each in threading.enumerate() if each.name in names], "the job to end")


def ratings(engine: Engine) -> int:
    with store.reading(engine) as connection:
        total = schema.released.c.slice == "total"
        return int(connection.scalar(select(func.sum(schema.released.c.happy)).where(total)) or 0)


def deeds(engine: Engine) -> list[tuple[str, str]]:
    with store.reading(engine) as connection:
        return [(each.who, each.what) for each in people.deeds(connection)]


def test_a_backup_is_made_and_put_back_and_what_was_there_is_kept(
    app: Flask, client: FlaskClient, filling: Filling, kept: Path, wait_for: Wait
) -> None:
    assert client.post("/upkeep/backup?lang=en", headers=FROM_HERE).headers["Location"] == "/upkeep?lang=en"
    finish(wait_for)
    (made,) = kept.glob("*.zip")
    page = client.get("/upkeep?lang=en").text
    assert f"Made: {made.name}" in page
    assert f'value="{made.name}"' in page
    assert made.stat().st_mode & 0o077 == 0
    backup_of_march = made.rename(kept / "march.zip")  # Names are made of seconds; these come within one.

    filling.month("stua", "2022-02", (0, 0, 9, 9))
    assert ratings(filling.engine) == 39
    unsure = client.post("/upkeep/restore?lang=en", data={"name": "march.zip"}, headers=FROM_HERE)
    assert unsure.status_code == 400
    assert "Tick that all that is there now is to be replaced." in unsure.text
    assert "checked" in unsure.text, "what was chosen is chosen still"
    begun = client.post("/upkeep/restore", data={"name": "march.zip", "sure": "yes"}, headers=FROM_HERE)
    assert begun.status_code == 303
    finish(wait_for)
    assert ratings(filling.engine) == 30
    # Everybody is signed out, and signs in as the backup knows them.
    assert client.get("/upkeep").headers["Location"].startswith("/sign-in")
    client = signed_in(app)
    page = client.get("/upkeep?lang=en").text
    assert "Put back as it was on" in page
    before = next(path for path in kept.glob("*.zip") if path != backup_of_march)
    assert f"What was there before is in {before.name}." in page
    assert deeds(filling.engine) == [("Kari", "restore")], "the list came with the backup, and this after it"

    client.post("/upkeep/restore", data={"name": before.name, "sure": "yes"}, headers=FROM_HERE)
    finish(wait_for)
    assert ratings(filling.engine) == 39, "nothing was lost on the way"


@pytest.mark.parametrize("name", ["../../etc/passwd", "gone.zip", "", "broken.zip", "other.zip"])
def test_what_is_no_backup_is_not_put_back_and_nothing_is_made_first(
    client: FlaskClient, filling: Filling, kept: Path, wait_for: Wait, name: str
) -> None:
    (kept / "other.zip").write_bytes(b"PK no zip at all")
    whole, _ = backup.write(filling.engine, kept / "whole.zip")
    content = bytearray(whole.read_bytes())
    content[len(content) // 3] ^= 0xFF
    (kept / "broken.zip").write_bytes(content)
    before = sorted(path.name for path in kept.iterdir())
    client.post("/upkeep/restore", data={"name": name, "sure": "yes"}, headers=FROM_HERE)
    finish(wait_for)
    page = client.get("/upkeep?lang=en").text
    assert 'role="alert"' in page
    assert ("is not in" in page) != ("is no backup, or a damaged one (" in page)
    assert ratings(filling.engine) == 30
    assert sorted(path.name for path in kept.iterdir()) == before
    assert deeds(filling.engine) == []


def test_the_page_says_what_is_wrong_with_the_folder(sqlite: Filling, kept: Path, wait_for: Wait) -> None:
    client = signed_in(make_app(sqlite.engine, kept))
    shutil.rmtree(kept)
    client.post("/upkeep/backup", headers=FROM_HERE)
    finish(wait_for)
    assert f"{kept}: is no folder" in client.get("/upkeep?lang=en").text
    nowhere = create_app(sqlite.engine, Dashboard(), access=Access(sqlite.engine))
    client = signed_in(nowhere)
    assert "No folder for backups is named in the configuration" in client.get("/upkeep?lang=en").text
    assert client.post("/upkeep/backup", headers=FROM_HERE).status_code == 400


def results(day: int = 4) -> bytes:
    """Raw results of two days, in which somebody wrote something."""
    given = [
        {"ts": f"2022-01-{day + n % 2:02}T{9 + n % 6:02}:05:00+01:00", "r": n % 4, "text": "secret"} for n in range(40)
    ]
    return json.dumps([*given, {"ts": "2022-01-05T10:00:00+01:00", "r": 7}]).encode()


def send(client: FlaskClient, data: bytes, do: str = "import", **fields: str) -> int:
    sent = {"file": (io.BytesIO(data), "<b>2022.json"), "do": do, **fields}
    return client.post("/upkeep/import?lang=en", data=sent, headers=FROM_HERE).status_code


def test_a_file_is_tried_and_imported_once(client: FlaskClient, filling: Filling, wait_for: Wait) -> None:
    where = {"terminal": "Skranken", "site": "Lindelia"}
    before = ratings(filling.engine)
    assert send(client, results(), "try", **where) == 303
    finish(wait_for)
    page = client.get("/upkeep?lang=en").text
    assert "This would go in. Nothing was changed yet." in page
    assert "Skranken (new)" in page
    assert "4–5 January 2022" in page
    assert "1 element was refused:" in page
    assert "&lt;b&gt;2022.json" in page
    assert "secret" not in page
    assert ratings(filling.engine) == before
    assert send(client, results(), **where) == 303
    finish(wait_for)
    assert "Imported." in client.get("/upkeep?lang=en").text
    assert ratings(filling.engine) == before + 10
    for again, said in (
        (results(), "This file was imported before; nothing was changed."),
        (results(5), "overlaps what was imported before"),
        (b"[]", "There is no rating in it that can be imported."),
        (b"no json", "expected HappyOrNot"),
    ):
        assert send(client, again, **where) == 303
        finish(wait_for)
        assert said in client.get("/upkeep?lang=en").text
    assert send(client, results(), **(where | {"terminal": ""})) == 303
    finish(wait_for)
    assert "do not say where they were given" in client.get("/upkeep?lang=en").text
    assert ratings(filling.engine) == before + 10
    assert ("Kari", "import") in deeds(filling.engine)


def test_what_cannot_be_imported_is_refused_before_it_begins(client: FlaskClient, filling: Filling) -> None:
    assert send(client, b"") == 400
    assert client.post("/upkeep/import", headers=FROM_HERE).status_code == 400
    assert send(client, results(), terminal="x" * 151) == 400
    assert send(client, results(), site="a\nb") == 400
    form = {"data": b" " * (pages.MOST_BYTES + 1), "content_type": "multipart/form-data; boundary=x"}
    assert client.post("/upkeep/import", headers=FROM_HERE, **form).status_code == 413
    # All other forms are as short as ever.
    long = {"name": "x" * 100_000}
    assert client.post("/upkeep/restore", data=long, headers=FROM_HERE).status_code == 413


def test_only_one_thing_runs_at_a_time_and_the_page_says_how_far(
    client: FlaskClient, filling: Filling, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk: the copy goes on when it may."""
    going = threading.Event()
    real = backups.make

    def slow(engine: Engine, folder: Path) -> str:
        assert going.wait(60)
        return real(engine, folder)

    monkeypatch.setattr(backups, "make", slow)
    assert client.post("/upkeep/backup", headers=FROM_HERE).status_code == 303
    page = client.get("/upkeep?lang=en").text
    assert "It is running, and goes on when you leave the page." in page
    assert "live.js" in page
    refused = client.post("/upkeep/backup?lang=en", headers=FROM_HERE)
    assert (refused.status_code, "Something else is still running." in refused.text) == (409, True)
    going.set()
    finish(wait_for)
    page = client.get("/upkeep?lang=en").text
    assert "Made: fjes-" in page
    assert "live.js" not in page


def test_what_a_job_tells_is_seen_and_a_bug_is_no_silence(wait_for: Wait) -> None:
    jobs = Jobs((ValueError,))
    going, told = threading.Event(), threading.Event()

    def work(tell: Told) -> object:
        tell(25, 100)
        told.set()
        assert going.wait(60)
        return 1 // 0

    assert jobs.begin("import", "a file", work)
    assert told.wait(60)
    assert jobs.last is not None
    assert (jobs.last.percent, jobs.last.ended) == (25, False)
    assert not jobs.begin("backup", "", lambda tell: None)
    going.set()
    assert jobs.last.thread is not None
    jobs.last.thread.join(60)
    assert (jobs.last.ended, jobs.last.trouble) == (True, "?")
    assert jobs.begin("backup", "", lambda tell: None)
    finish(wait_for)


def test_an_administrator_restores_in_a_browser(
    sqlite: Filling, browser: Browser, kept: Path, tmp_path: Path, wait_for: Wait
) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (1, 2, 30, 40))
    app = make_app(sqlite.engine, kept)
    backup.write(sqlite.engine, kept, datetime(2022, 4, 1, tzinfo=UTC))
    (kept / "broken.zip").write_bytes(b"no zip")
    with serving(app) as origin:
        for scheme, script, code in (("light", True, "nb"), ("dark", True, "en")):
            context = browser.new_context(
                color_scheme="dark" if scheme == "dark" else "light", java_script_enabled=script
            )
            page = context.new_page()
            page.goto(f"{origin}/upkeep?lang={code}")
            page.locator("[name=name]").fill("Kari")
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("button[type=submit]").click()
            page.locator("#import").wait_for()
            assert axe(page) == []
            if code == "en":
                break
            page.get_by_role("radio").check()
            page.get_by_label("Erstatt alt som finnes nå").check()
            page.get_by_role("button", name="Legg den tilbake").click()
            finish(wait_for)
            context.close()
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert "Put back as it was on 2022-04-01 00:00 UTC." in page.get_by_role("status").inner_text()
        folder = tmp_path / "pages"
        folder.mkdir()
        assert nu({"upkeep": page.content()}, folder) == []
        context.close()
    assert len(list(kept.glob("fjes-*.zip"))) == 2
