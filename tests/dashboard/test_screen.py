"""What is asked and shown, set in the pages: each form, who else changes it, and what the kiosk draws beforehand."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dashboard import language, remote, store
from dashboard.remote import Place
from dashboard.screen import forms
from dashboard.screen.forms import FormError
from dashboard.screen.previews import MOST, PreviewError, Previews
from dashboard.web import create_app
from fjes import previews
from ratings.config import Config, Dashboard
from ratings.remote import Remote, combine, decode
from ratings.sections import LANGUAGES
from terminal.kiosk import gallery
from tests.dashboard.checkers import axe, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling

TODAY = date(2026, 11, 20)
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
SITE = Place("site", "Pro Sentret")
STUA = Place("terminal", "stua")
HELP = {
    "nb": "Fikk du hjelpen du trengte?",
    "en": "Did you get the help you needed?",
    "es": "¿Recibió la ayuda que necesitaba?",
    "bg": "Получихте ли помощта, от която имахте нужда?",
    "th": "คุณได้รับความช่วยเหลือที่ต้องการหรือไม่",
    "ro": "Ați primit ajutorul de care aveați nevoie?",
}
OWN = {f"text-{code}": text for code, text in HELP.items()}
SAY = language.words("en")


@pytest.fixture
def filled(filling: Filling) -> Filling:
    for name, site in (("Stua", "Pro Sentret"), ("Venterom", "Pro Sentret"), ("Bod", "Lageret")):
        filling.terminal(name, site)
    return filling


@pytest.fixture
def app(filled: Filling) -> Flask:
    return create_app(filled.engine, Dashboard(), today=lambda: TODAY)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def found(engine: Engine, place: Place = SITE) -> Remote:
    with store.reading(engine) as connection:
        return remote.find(connection, place) or Remote()


def mark(page: str, form: str) -> str:
    """What the page's form says of the state it was made in."""
    marked = re.search(rf'name="form" value="{form}">\s*<input type="hidden" name="was" value="(\w+)"', page)
    assert marked, form
    return marked[1]


def send(
    client: FlaskClient, form: str, fields: Mapping[str, str], *, do: str = "store", at: str = "site-1", was: str = ""
) -> TestResponse:
    """Fill in and send a form of the page as it is now."""
    address = f"/{at}/screen?lang=en"
    was = was or mark(client.get(address).text, form)
    return client.post(address, data={"form": form, "do": do, "was": was, **fields}, headers=FROM_HERE)


def test_what_is_stored_is_what_terminals_are_sent(client: FlaskClient, filled: Filling) -> None:
    assert send(client, "languages", {"language-1": "th", "language-2": "nb", "language-4": "en"}).status_code == 303
    hours = {"monday": "10-16", "tuesday": "10.00–16.00, 18:00-20:00", "closed": "24.12.2026\n25.12.2026 - 1.1.2027"}
    assert send(client, "hours", hours).status_code == 303
    reasons = {"reason-staff": "yes", "reason-waiting": "yes", "word-staff-nb": "De  som jobber her "}
    assert send(client, "reasons", reasons).status_code == 303
    said = {"said-nb-1": "Dere ville slippe å vente.", "said-nb-2": "Nå åpner vi klokka ni."}
    answer = send(client, "said", said)
    assert answer.headers["Location"] == "/site-1/screen?lang=en&saved=said"

    with store.reading(filled.engine) as connection:
        sent = dict(remote.terminals(connection))
    assert sent["bod"] is None, "another site's"
    assert sent["stua"] == sent["venterom"]
    assert sent["stua"] is not None
    shown = combine(Config(), decode(sent["stua"]))
    assert shown.kiosk.languages == ["th", "nb", "en"]
    assert shown.hours.weekdays == [["10:00-16:00"], ["10:00-16:00", "18:00-20:00"], [], [], [], [], []]
    assert shown.hours.closed == ["2026-12-24", "2026-12-25/2027-01-01"]
    assert [(each.id, each.texts) for each in shown.follow_up.reasons] == [
        ("waiting", {}),
        ("staff", {"nb": "De som jobber her"}),
    ]
    assert shown.said.texts == {"nb": [*said.values()]}

    page = client.get("/site-1/screen?lang=en").text
    assert page.count("Set here.") == 4
    assert page.count("Not set here") == 1
    assert "10:00-16:00, 18:00-20:00" in page
    assert page.count("not taken in yet") == 2


def test_questions_are_planned_corrected_and_taken_away(client: FlaskClient, filled: Filling) -> None:
    def asked() -> list[tuple[str | None, str, str, dict[str, str]]]:
        questions = found(filled.engine).questions or []
        return [(each.from_, each.id, each.place, each.texts) for each in questions]

    first: tuple[None, str, str, dict[str, str]] = (None, "visit", "Pro Sentret", {})
    assert send(client, "questions", {"from": "2027-02", **OWN}).status_code == 303
    assert asked() == [first, ("2027-02", "question-2027-02", "", HELP)]
    # Several ahead, and the one that ships once more: in another year, so that it goes on under its name.
    assert send(client, "questions", {"from": "2028-01", "place": "Sentret"}).status_code == 303
    # In the same year it could not: tables of that year are final.
    assert send(client, "questions", {"from": "2027-01", "place": "Huset"}).status_code == 303
    assert [each[:3] for each in asked()] == [
        (None, "visit", "Pro Sentret"),
        ("2027-01", "visit", "Huset"),
        ("2027-02", "question-2027-02", ""),
        ("2028-01", "visit", "Sentret"),
    ]
    assert send(client, "questions", {"of": "2027-01", "from": "2027-01"}, do="remove").status_code == 303
    # A correction, and another month.
    changed = {"of": "2027-02", "from": "2027-03", **OWN, "text-nb": "Fikk du den hjelpen du trengte?"}
    assert send(client, "questions", changed).status_code == 303
    assert send(client, "questions", {"of": "first", "place": "Sentret"}).status_code == 303
    assert asked() == [
        (None, "visit", "Sentret", {}),
        ("2027-03", "question-2027-02", "", HELP | {"nb": "Fikk du den hjelpen du trengte?"}),
        ("2028-01", "visit", "Sentret", {}),
    ]
    page = client.get("/site-1/screen?lang=en").text
    assert page.index("Asked now") < page.index("From March 2027") < page.index("From January 2028")
    # An id that is planned at a terminal alone, or once was, is no other question's.
    taken = send(client, "questions", {"from": "2027-05", **OWN}, at="terminal-stua")
    assert taken.status_code == 303
    assert send(client, "questions", {"from": "2027-05", **OWN}).status_code == 303
    assert "question-2027-05-2" in [each[1] for each in asked()]
    assert [each.id for each in found(filled.engine, STUA).questions or []][:2] == ["visit", "question-2027-02"]


@pytest.mark.parametrize(
    ("form", "fields", "said"),
    [
        ("questions", {"from": "2026-11", **OWN}, "At the earliest from December 2026."),
        ("questions", {"from": "soon", **OWN}, "Write a month as 2027-01."),
        ("questions", {"from": "2027-01", "text-nb": "Ja?"}, "Missing. Whoever chose this language"),
        ("questions", {"from": "2027-01", **OWN, "text-th": "ก" * 201}, "201 characters; at most 200 fit."),
        ("questions", {"from": "2027-01", **OWN, "text-en": "a\0b"}, "a character in it that a screen cannot show"),
        ("questions", {"from": "2027-01", "place": "x" * 61}, "61 characters; at most 60 fit."),
        ("questions", {"of": "1999-01"}, "Somebody else has changed this meanwhile."),
        ("languages", {}, "Choose at least one language."),
        ("languages", {"language-1": "nb", "language-3": "nb"}, "This language is chosen above already."),
        ("languages", {"language-1": "../nb"}, "There is no such language."),
        ("hours", {"monday": "16-10"}, "Write it as 10:00-16:00"),
        ("hours", {"monday": "10:00-25:00"}, "Write it as 10:00-16:00"),
        ("hours", {"monday": "10-16, 15-18"}, "Write it as 10:00-16:00"),
        ("hours", {}, "It would be closed on every day of the week."),
        ("hours", {"always": "yes", "closed": "31.2.2027"}, "“31.2.2027” is not a day."),
        ("hours", {"always": "yes", "closed": "2027-01-02/2027-01-01"}, "is not a day."),
        ("hours", {"always": "yes", "closed": "<b>jul</b>"}, "“&lt;b&gt;jul&lt;/b&gt;” is not a day."),
        ("hours", {"always": "yes", "closed": "1.1.2027\n" * 367}, "That are too many days."),
        ("reasons", {"reason-staff": "yes", "word-staff-en": "w" * 41}, "41 characters; at most 40 fit."),
        ("said", {"said-nb-1": "x" * 91}, "91 characters; at most 90 fit."),
    ],
)
def test_what_cannot_be_shown_is_not_stored_and_is_still_there_to_mend(
    sqlite: Filling, form: str, fields: dict[str, str], said: str
) -> None:
    sqlite.terminal("Stua")
    client = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY).test_client()
    answer = send(client, form, fields)
    assert said in answer.text
    assert answer.status_code == (409 if "meanwhile" in said else 400)
    assert getattr(found(sqlite.engine), {"languages": "kiosk", "reasons": "follow_up"}.get(form, form)) is None
    for name, text in fields.items():
        if name.startswith(("text", "word", "said")) and text.isprintable():
            assert f'value="{text}"' in answer.text
    # Beside its field, or at the head of its form.
    assert 'class="problem"' in answer.text or 'role="alert"' in answer.text


def test_the_question_that_is_asked_is_not_taken_away(client: FlaskClient, filled: Filling) -> None:
    send(client, "questions", {"from": "2027-02", **OWN})
    refused = send(client, "questions", {"of": "first"}, do="remove")
    assert refused.status_code == 400
    assert "This question is being asked. Plan another one instead." in refused.text
    assert len(found(filled.engine).questions or []) == 2


def test_two_who_change_the_same_do_not_undo_each_other(client: FlaskClient, filled: Filling) -> None:
    opened = client.get("/site-1/screen?lang=en").text
    send(client, "said", {"said-nb-1": "Den første."})
    late = send(client, "said", {"said-nb-1": "Den andre."}, was=mark(opened, "said"))
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile." in late.text
    assert 'value="Den andre."' in late.text, "to be copied"
    assert found(filled.engine).said is not None
    assert "Den andre." not in str(found(filled.engine).said)
    # Another section is no concern of theirs.
    assert send(client, "languages", {"language-1": "nb"}, was=mark(opened, "languages")).status_code == 303
    # Nor does the refused form go through when it is sent once more: the page keeps what it was made in.
    again = client.post(
        "/site-1/screen",
        data={"form": "said", "do": "store", "was": mark(late.text, "said"), "said-nb-1": "Den andre."},
        headers=FROM_HERE,
    )
    assert again.status_code == 409


def test_a_terminals_own_goes_before_its_sites_until_it_is_taken_back(client: FlaskClient, filled: Filling) -> None:
    send(client, "languages", {"language-1": "nb", "language-2": "en"})
    page = client.get("/terminal-stua/screen?lang=en").text
    assert "Set for the whole site." in page
    assert "Norwegian Bokmål, English" in page
    send(client, "languages", {"language-1": "th"}, at="terminal-stua")
    with store.reading(filled.engine) as connection:
        sent = {id_: combine(Config(), decode(message or b"{}")) for id_, message in remote.terminals(connection)}
    assert sent["stua"].kiosk.languages == ["th"]
    assert sent["venterom"].kiosk.languages == ["nb", "en"]
    page = client.get("/terminal-stua/screen?lang=en").text
    was = re.findall(r'name="was" value="(\w+)">\s*<p class="actions"><button class="button quiet"', page)
    assert len(was) == 1
    assert send(client, "languages", {}, do="clear", at="terminal-stua", was=was[0]).status_code == 303
    assert found(filled.engine, STUA).kiosk is None
    assert "Set for the whole site." in client.get("/terminal-stua/screen?lang=en").text


def test_an_area_leads_to_its_sites_and_nothing_is_set_of_it(client: FlaskClient) -> None:
    page = client.get("/all/screen?lang=en").text
    assert 'href="/site-1/screen?lang=en"' in page
    assert "<form" not in page
    refused = client.post("/all/screen?lang=en", data={"form": "said", "do": "store"}, headers=FROM_HERE)
    assert (refused.status_code, "This is set site by site." in refused.text) == (400, True)
    for data in ({}, {"form": "release", "do": "store"}, {"form": "said", "do": "destroy"}):
        assert client.post("/site-1/screen", data=data, headers=FROM_HERE).status_code == 400
    assert client.get("/site-9/screen").status_code == 404


def test_languages_and_days_can_be_written_as_people_write_them() -> None:
    def hours(text: str) -> list[str] | None:
        return forms.hours(SAY, {"monday": text}).monday

    assert hours("10:00-16:00") == hours("10-16") == hours(" 10.00 – 16.00 ") == ["10:00-16:00"]
    assert hours("8-12;13-24") == ["08:00-12:00", "13:00-24:00"]
    for wrong in ("ten to four", "10-16-18", "10:60-11:00", "10:00"):
        with pytest.raises(FormError):
            hours(wrong)
    closed = forms.hours(SAY, {"always": "yes", "closed": "24.12.2026, 2026-12-25; 31.12.2026–1.1.2027\n\n1. 5. 2027"})
    assert closed.closed == ["2026-12-24", "2026-12-25", "2026-12-31/2027-01-01", "2027-05-01"]
    assert closed.weekdays is None


def test_what_a_form_is_filled_with_means_what_is_set(client: FlaskClient, filled: Filling) -> None:
    """Opening a form and storing it unchanged changes nothing."""
    send(client, "hours", {"monday": "10-16", "sunday": "0-24", "closed": "24.12.2026"})
    send(client, "reasons", {"reason-place": "yes", "word-place-ro": "Localul"})
    send(client, "said", {"said-th-1": "ขอบคุณ"})
    send(client, "questions", {"from": "2027-02", **OWN})
    before = found(filled.engine)
    assert before.hours
    assert before.follow_up
    assert before.said
    send(client, "hours", forms.hour_fields(before.hours))
    send(client, "reasons", forms.reason_fields(before.follow_up.reasons))
    send(client, "said", forms.said_fields(before.said))
    for question in before.questions or []:
        send(client, "questions", {"of": question.from_ or "first", **forms.question_fields(question)})
    assert found(filled.engine) == before


def test_the_kiosk_itself_draws_what_is_planned(sqlite: Filling) -> None:
    sqlite.terminal("Stua")
    client = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY, draw=previews.draw).test_client()

    def drawn(form: str, fields: Mapping[str, str]) -> dict[str, Image.Image]:
        answer = send(client, form, fields, do="preview")
        assert answer.status_code == 200, answer.text
        assert "It is not stored yet." in answer.text
        names = re.findall(r'src="/previews/([\w-]+)\.png"', answer.text)
        pictures = [client.get(f"/previews/{name}.png") for name in names]
        assert {each.mimetype for each in pictures} == {"image/png"}
        return dict(zip(LANGUAGES, (Image.open(io.BytesIO(each.data)) for each in pictures), strict=True))

    # As the kiosk's own pictures are, that were looked at.
    shipped = drawn("questions", {"of": "first"})
    for code in LANGUAGES:
        assert gallery.differs(shipped[code], reference(f"800x480-{code}-asking")) < gallery.MOST_PIXELS
    planned = drawn("questions", {"from": "2027-01", **OWN})
    for code in LANGUAGES:
        assert gallery.difference(planned[code], shipped[code]) > gallery.MOST_PIXELS, code
    every = {f"reason-{each}": "yes" for each in ("waiting", "staff", "help", "information", "privacy", "place")}
    follow_up = drawn("reasons", every)
    for code in LANGUAGES:
        assert gallery.differs(follow_up[code], reference(f"800x480-{code}-follow-up")) < gallery.MOST_PIXELS
    assert found(sqlite.engine) == Remote(), "nothing was stored"


def reference(name: str) -> Path:
    return Path(__file__).parents[2] / gallery.REFERENCES / f"{name}.png"


def test_what_the_kiosk_cannot_draw_is_said(sqlite: Filling) -> None:
    sqlite.terminal("Stua")
    with sqlite.engine.begin() as connection:
        remote.put(connection, SITE, decode(b'{"kiosk": {"languages": ["xx"]}}'), "test")
    client = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY, draw=previews.draw).test_client()
    answer = send(client, "said", {"said-xx-1": "?"}, do="preview")
    assert answer.status_code == 503
    assert "xx.po" in answer.text
    with pytest.raises(PreviewError, match=r"xx\.po"):
        previews.draw(decode(b'{"kiosk": {"languages": ["xx"]}}'), "asking")


def test_without_the_kiosk_there_is_no_preview_and_the_page_says_so(client: FlaskClient) -> None:
    page = client.get("/site-1/screen?lang=en").text
    assert "See what it looks like" not in page
    assert "the kiosk has to be installed on the machine of these pages, too" in page
    assert send(client, "said", {}, do="preview").status_code == 400
    assert client.get("/previews/unknown.png").status_code == 404


def test_only_the_last_pictures_are_kept_and_under_names_that_nobody_guesses() -> None:
    kept = Previews(lambda settings, screen: dict.fromkeys(LANGUAGES, screen.encode()))
    names = [name for number in range(20) for _, name in kept.take(Remote(), f"{number}")]
    assert len(set(names)) == 120
    assert min(map(len, names)) >= 22
    there = [kept.find(name) for name in names]
    assert there.count(None) == 120 - MOST
    assert there[-1] == b"19"


def test_the_question_is_changed_without_script(
    sqlite: Filling, browser: Browser, wait_for: Callable[..., None]
) -> None:
    sqlite.terminal("Stua")
    app = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY, draw=previews.draw)
    with serving(app) as origin:
        context = browser.new_context(java_script_enabled=False, locale="nb-NO", viewport={"width": 360, "height": 800})
        page = context.new_page()
        page.goto(f"{origin}/site-1/screen")
        form = planning(page)
        form.locator("summary").click()
        form.get_by_label("Fra hvilken måned").fill("2027-01")
        for code, text in HELP.items():
            if code != "ro":
                form.locator(f"[name=text-{code}]").fill(text)
        form.get_by_role("button", name="Se hvordan det blir").click()
        # Open where something is to be mended, with what was typed.
        form = planning(page)
        missing = form.locator("[aria-invalid=true]")
        assert missing.get_attribute("name") == "text-ro"
        assert form.locator("[name=text-th]").input_value() == HELP["th"]
        missing.fill(HELP["ro"])
        form.get_by_role("button", name="Se hvordan det blir").click()
        pictures = planning(page).get_by_role("img")
        assert pictures.count() == 6
        wait_for(lambda: pictures.evaluate_all("all => all.every(each => each.naturalWidth === 800)"), "the pictures")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert found(sqlite.engine) == Remote()
        planning(page).get_by_role("button", name="Lagre").click()
        assert page.get_by_role("status").inner_text().startswith("Lagret.")
        assert [each.texts for each in found(sqlite.engine).questions or []] == [{}, HELP]
        context.close()


def planning(page: Page) -> Locator:
    return page.locator("details", has=page.get_by_role("heading", name="Planlegg et nytt spørsmål", exact=True))


@pytest.mark.parametrize(("code", "scheme"), [("nb", "light"), ("en", "dark")])
def test_the_page_is_right_for_everybody(
    sqlite: Filling, browser: Browser, tmp_path: Path, code: str, scheme: str
) -> None:
    sqlite.terminal("Stua")
    app = create_app(sqlite.engine, Dashboard(), today=lambda: TODAY, draw=previews.draw)
    client = app.test_client()
    send(client, "questions", {"from": "2027-02", **OWN})
    send(client, "hours", {"monday": "10-16", "closed": "24.12.2026"})
    documents = {
        "all that can be wrong": send(client, "questions", {"from": "x", "text-nb": "y" * 201}).text,
        "hours": send(client, "hours", {"monday": "x", "closed": "x"}).text,
        "a look": send(client, "said", {"said-nb-1": "Takk."}, do="preview").text,
        "an area": client.get("/all/screen").text,
    }
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    with serving(app) as origin:
        page = context.new_page()
        page.goto(f"{origin}/site-1/screen?lang={code}")
        documents["as it is"] = page.content()
        page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
        assert axe(page) == []
        button = page.locator("[aria-labelledby=said] button[value=preview]")
        page.locator("[name=said-nb-1]").fill("x" * 90)
        button.click()
        page.get_by_role("img").first.wait_for()
        assert axe(page) == []
    context.close()
    if code == "nb":  # What languages have in common is judged once.
        folder = tmp_path / "pages"
        folder.mkdir()
        assert nu(documents, folder) == []
