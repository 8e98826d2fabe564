"""The second part of the tour: what those do who run it, from the first sign-in to putting a backup back."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import Connection

from dashboard import backup, enrolled, exchange, store, terminal_health
from dashboard.accounts import passwords, people
from dashboard.accounts.access import Access
from dashboard.accounts.people import Role
from dashboard.alerts.watch import Watch
from dashboard.web import create_app
from fjes import history, previews
from ratings.config import Dashboard, read
from ratings.sections import Mail
from ratings.wire import ClockState, Condition, Room, Status
from tests.closed import made
from tests.conftest import wait
from tests.dashboard.conftest import serving
from tests.pictures import Camera
from tests.tour_step import NOW, SITE, Step, one_line, said

WHO = "Kari Nordmann"
CHOSEN = "fire fjes på en vegg"
NEWCOMER = "Mottaket"
QUESTION = {
    "nb": "Fikk du hjelpen du trengte?",
    "en": "Did you get the help you needed?",
    "es": "¿Recibió la ayuda que necesitaba?",
    "bg": "Получихте ли помощта, от която имахте нужда?",
    "th": "คุณได้รับความช่วยเหลือที่ต้องการหรือไม่",
    "ro": "Ați primit ajutorul de care aveați nevoie?",
}
COMMENT = "Children played with it while they waited. It hangs higher now."


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """The pages as IT has them, over the same history: their address, and the password that is handed over."""
    with tempfile.TemporaryDirectory(prefix="fjes-tour-") as name:
        folder = Path(name)
        engine = store.open_engine(f"sqlite:///{folder}/dashboard.db")
        try:
            history.fill(engine, NOW, seed=1)
            (folder / "backups").mkdir()
            settings = Dashboard(broker=made(folder / "broker").folder.path, backups=folder / "backups")
            Watch(engine, settings, Mail(), NOW.date)(NOW)
            with engine.begin() as connection:
                terminal_health.listened(connection, NOW)
                for number, terminal in enumerate(enrolled.listing(connection)):
                    _hear(connection, terminal.id, NOW - timedelta(days=2 if number == 1 else 0))
                password = passwords.made()
                people.add(connection, WHO, passwords.hashed(password), Role.ADMINISTRATOR)
            backup.write(engine, folder / "backups", NOW - timedelta(hours=6))
            access = Access(engine, lambda: NOW)
            with serving(create_app(engine, settings, today=NOW.date, access=access, draw=previews.draw)) as address:
                yield address, password
        finally:
            engine.dispose()


def _hear(connection: Connection, terminal: str, moment: datetime) -> None:
    status = Status(
        "online", "1.2", "11111111-1111-4111-8111-111111111111", 0, "closed", hour=f"{moment:%Y-%m-%dT%H}",
        day=f"{moment:%Y-%m-%d}", pending=0, clock=ClockState.NETWORK, room=Room.PLENTY, store=Condition.WELL,
        heat=Condition.WELL,
    )  # fmt: skip
    exchange.handle_status(connection, terminal, status, moment)


def walk(browser: Browser, address: str, password: str, camera: Camera) -> list[Step]:
    """All steps, one after the other, in one window without script: nothing here needs any."""
    window = browser.new_page(
        locale="en-GB", viewport={"width": 1280, "height": 900}, color_scheme="light", java_script_enabled=False
    )
    window.goto(address)
    steps = [sign_in(window, password, camera)]
    steps += [each(window, camera) for each in (terminal, question, alert)]
    steps.append(restore(window, password, camera))
    window.close()
    return steps


def account(page: Page) -> None:
    page.get_by_role("link", name="Account", exact=True).first.click()


def enter(page: Page, password: str, camera: Camera) -> bytes:
    """Sign in; gives a look at the page before it is sent."""
    page.get_by_label("Name").fill(WHO)
    page.get_by_label("Password").fill(password)
    look = camera.look(page)
    page.get_by_role("button", name="Sign in").click()
    return look


def choose(page: Page, password: str, camera: Camera) -> bytes:
    """Choose a password in place of the one that was handed over; gives a look at the page before it is sent."""
    for label, text in (
        ("The password that you have now", password),
        ("The new password", CHOSEN),
        ("The new password once more", CHOSEN),
    ):
        page.get_by_label(label, exact=True).fill(text)
    look = camera.look(page)
    page.locator("section", has=page.get_by_role("heading", name="Change the password")).get_by_role("button").click()
    assert said(page, "[role=status]") == "Stored."
    return look


def sign_in(page: Page, password: str, camera: Camera) -> Step:
    first = enter(page, password, camera)
    told = said(page, "[role=status]")
    second = choose(page, password, camera)
    camera.take("sign-in", first, second)
    return Step(
        "Sign in for the first time",
        f'`fjes dashboard user add "{WHO}" --role administrator` on the dashboard\'s machine prints a password for'
        f" once. Whoever signs in with it is told: “{told}”",
        {"sign-in": "The first sign-in, and choosing a password"},
        {"told": told},
    )


def terminal(page: Page, camera: Camera) -> Step:
    account(page)
    page.get_by_role("link", name="Terminals", exact=True).click()
    troubled = one_line(page.locator("[aria-labelledby=troubled]").inner_text())
    camera.take("terminals", camera.look(page, ".heading", "[aria-labelledby=well]"))
    page.get_by_label("Name", exact=True).fill(NEWCOMER)
    page.get_by_label("Site (a new one is made)").fill(SITE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Add, and get its file").click()
    card = read(download.value.path().read_text())
    return Step(
        "Add a terminal",
        "Under **Account**, **Terminals** lists how each one is; what is to be seen to stands first. At its foot we"
        f" add “{NEWCOMER}”, and get the one file for its card: `{download.value.suggested_filename}`. It names the"
        " broker, and holds the terminal's own password: nowhere else is it kept.",
        {"terminals": "All terminals, and which one is silent"},
        {"troubled": troubled, "id": card.terminal.id, "user": card.broker.username or ""},
    )


def question(page: Page, camera: Camera) -> Step:
    page.goto(page.url.split("/terminals")[0])
    page.get_by_role("link", name=SITE, exact=True).click()
    page.locator(".tabs").get_by_role("link", name="Screen", exact=True).click()

    planning = page.locator("details", has=page.get_by_role("heading", name="Plan another question"))
    planning.locator("summary").click()
    month = planning.locator("[name=from]").input_value()
    for code, text in QUESTION.items():
        planning.locator(f"[name=text-{code}]").fill(text)
    planning.get_by_role("button", name="See what it looks like").click()
    planning.locator("img").first.wait_for()
    camera.take("question", camera.look(page, ".looks"))
    planning.get_by_role("button", name="Store").click()
    stored = said(page, "#questions ~ [role=status]")
    planned = said(page, ".planned >> nth=1 >> .eyebrow")
    return Step(
        "Change the question",
        f"On the site's page **Screen** we plan another question, from {month} on, in every language that is shown."
        " “See what it looks like” has the kiosk itself draw it before anything is stored.",
        {"question": "The new question on the kiosk's screen, in six languages"},
        {"stored": stored, "planned": planned},
    )


def alert(page: Page, camera: Camera) -> Step:
    page.locator(".tabs").get_by_role("link", name="Alerts").click()
    first = page.locator(".alert.open").first
    heading, text = one_line(first.locator("h3").inner_text()), one_line(first.locator(".lead").inner_text())
    first.get_by_label("Comment").fill(COMMENT)
    camera.take("alert", camera.look(page, ".alert.open"))
    first.get_by_role("button", name="Acknowledge").click()
    answered = page.locator("[aria-labelledby=answered-alerts] .alert").first
    return Step(
        "Answer an alert",
        f"**Alerts** says what is to be seen to: “{heading}. {text}” Whoever asks for it gets it by mail, too. We write"
        " what we do about it, and acknowledge it; colleagues see both.",
        {"alert": "An alert, with room for a comment"},
        {"comment": one_line(answered.locator(".comment").first.inner_text())},
    )


def restore(page: Page, password: str, camera: Camera) -> Step:
    account(page)
    page.get_by_role("link", name="Upkeep", exact=True).click()
    page.get_by_role("radio").first.check()
    page.get_by_label("Replace all that is there now").check()
    camera.take("restore", camera.look(page, ".heading", "[aria-labelledby=backup]"))
    page.get_by_role("button", name="Put it back").click()
    wait(lambda: not [each for each in threading.enumerate() if each.name == "restore"], "the backup to be put back")
    # Everybody is signed out, and signs in as the backup knows them: with the password that was handed over.
    page.reload()
    enter(page, password, camera)
    choose(page, password, camera)
    page.get_by_role("link", name="Upkeep", exact=True).click()
    done = said(page, "[role=status]")
    page.get_by_role("link", name="Account", exact=True).first.click()
    page.get_by_role("link", name="Terminals", exact=True).click()
    assert NEWCOMER not in said(page, "main"), "it was added after the backup"
    return Step(
        "Put a backup back",
        "Under **Account**, **Upkeep** makes backups, in a folder of the server, and puts one back. What is there now"
        " is kept as a backup first; then everybody signs in anew, as the backup knows them.",
        {"restore": "The backups, and putting one back"},
        {"done": done},
    )
