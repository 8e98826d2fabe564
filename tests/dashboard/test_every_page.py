"""Every page there is, in every state of the database, in both languages and themes, and at all sizes.

Pages are found by following links (`walking.py`), so that a new one is checked from the day it is linked.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from dashboard import language, places, store
from dashboard.places import Area
from dashboard.web import create_app
from ratings.config import Dashboard
from tests.dashboard.checkers import axe, axe_source, nu
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling
from tests.dashboard.walking import HTML, SVG, Answer, ask, differing, endpoint, in_language, walk
from tests.dashboard.worlds import TODAY, WORLDS

WRONG = ("/nothing", "/all/nothing", "/site-999", "/all?month=march")
"""What nobody links to: pages that say what was asked wrongly."""

WIDTHS = (320, 360, 768, 1440)

Theme = Literal["light", "dark"]
THEMES: dict[str, tuple[Theme, Theme]] = {"nb": ("light", "dark"), "en": ("dark", "light")}
"""The theme in which axe-core judges all pages of a language, and that in which it judges each kind of page again."""


NOT_FOR_READERS = {"api.description", "api.rows", "health.look", "metrics.measured", "pages.preview"}
"""What programs ask for, and pictures that are there once somebody had them drawn."""


@dataclass(frozen=True)
class World:
    """A database's pages as they are found, and served on a free port (`origin`)."""

    app: Flask
    origin: str
    answers: dict[str, Answer]

    @cached_property
    def pages(self) -> list[Answer]:
        """All that somebody reads."""
        found = [answer for answer in self.answers.values() if answer.is_page]
        assert found
        return found

    @cached_property
    def differing(self) -> list[Answer]:
        """As many pages as differ in what they are built of."""
        return [*differing(self.pages)]


Worlds = Callable[[str], World]


@pytest.fixture(scope="module")
def worlds(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """`worlds("rich")`: made when first asked for, and kept for the tests of this file."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(_world(name, sqlite_template, tmp_path_factory.mktemp(name))))


Kinds = list[tuple[World, list[Answer]]]


@pytest.fixture(scope="module")
def kinds(worlds: Worlds) -> Kinds:
    """As few pages, by world, as show every kind of element that any page of any world has.

    For what takes long, and depends on what an element is rather than on what else is on the page.
    """
    every = [worlds(name) for name in WORLDS]
    chosen = {id(page) for page in differing(page for world in every for page in world.differing)}
    found = [(world, [page for page in world.differing if id(page) in chosen]) for world in every]
    return [(world, pages) for world, pages in found if pages]


@contextmanager
def _world(name: str, template: Path, folder: Path) -> Iterator[World]:
    database = Path(shutil.copyfile(template, folder / "fjes.db"))
    engine = store.open_engine(f"sqlite:///{database}")
    WORLDS[name](Filling(engine))
    with store.reading(engine) as connection:
        everything = places.tree(connection)
    app = create_app(engine, Dashboard(), today=lambda: TODAY)
    more = [*(f"/{key}" for key in _keys(everything)), *WRONG] if everything.sites else []
    with serving(app) as origin:
        yield World(app, origin, walk(app, *more))
    engine.dispose()


def _keys(area: Area) -> Iterator[str]:
    """What addresses call an area, and all that is in it."""
    yield area.key
    for below in area.areas:
        yield from _keys(below)
    for site in area.sites:
        yield from (site.key, *(terminal.key for terminal in site.terminals))


@contextmanager
def opened(browser: Browser, world: World, **how: Any) -> Iterator[Page]:
    """A page of the browser that must not complain: no script fails, and the page's own policy blocks nothing."""
    context = browser.new_context(base_url=world.origin, **how)
    context.add_init_script(axe_source())
    page = context.new_page()
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        # That a page that is not there is not there is no complaint.
        is_about_status = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if not is_about_status:
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    yield page
    context.close()
    assert complaints == []


def show(page: Page, address: str) -> None:
    """Open a page, and all that can be unfolded on it."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, worlds: Worlds) -> World:
    return worlds(request.param)


each_language = pytest.mark.parametrize("code", language.LANGUAGES)


def test_every_link_leads_somewhere(world: World) -> None:
    wrong = [in_language(address, "nb") for address in WRONG]
    for answer in world.answers.values():
        allowed = (400, 404) if in_language(answer.address, "nb") in wrong else (200, 302)
        assert answer.status in allowed, f"{answer.address}, found on {answer.found_on}, answers {answer.status}"
    for page in world.pages:
        ids = {element.get("id") for element in page.tree.iter()}
        for link in page.tree.iter(f"{HTML}a"):
            target = link.get("href", "")
            assert not target.startswith("#") or target[1:] in ids, f"{page.address} has no {target}"


def test_whatever_can_be_asked_for_can_be_found(worlds: Worlds) -> None:
    rich = worlds("rich")
    found = {endpoint(rich.app, address) for address in rich.answers}
    offered = {rule.endpoint for rule in rich.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert offered - found == NOT_FOR_READERS, "no link from the front page on leads there"


def test_every_page_says_what_it_is(world: World) -> None:
    for page in world.pages:
        document = page.tree
        assert document.get("lang") in language.LANGUAGES, page.address
        assert len(list(document.iter(f"{HTML}h1"))) == 1, page.address
        titles = [each.text or "" for each in document.iter(f"{HTML}title")]
        assert len(titles) == 1, page.address
        assert titles[0].strip(), page.address


def test_every_drawing_is_described_or_only_adornment(world: World) -> None:
    for page in world.pages:
        adornments = [each for each in page.tree.iter() if each.get("aria-hidden") == "true"]
        hidden = {below for each in adornments for below in each.iter()}
        for drawing in page.tree.iter(f"{SVG}svg"):
            if drawing not in hidden:
                assert drawing.get("role") == "img", page.address
                assert drawing.get("aria-labelledby", "").split() == _described(drawing), page.address


def test_every_drawing_that_is_a_file_is_described(worlds: Worlds) -> None:
    for answer in worlds("rich").answers.values():
        if answer.kind == "image/svg+xml" and not answer.address.startswith("/static/"):
            _described(ElementTree.fromstring(answer.text))


def _described(drawing: Element) -> list[str | None]:
    """The ids of a drawing's title and description, of which none may be missing or empty."""
    told = [each for tag in ("title", "desc") for each in drawing.findall(f"{SVG}{tag}")]
    assert [each.tag for each in told] == [f"{SVG}title", f"{SVG}desc"]
    assert all((each.text or "").strip() for each in told)
    return [each.get("id") for each in told]


def test_no_answer_lets_anything_in_from_elsewhere(world: World) -> None:
    for answer in world.answers.values():
        policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
        assert {source for sources in policy.values() for source in sources.split()} <= {"'none'", "'self'"}
        for rule in ("default-src", "base-uri", "frame-ancestors"):
            assert policy[rule] == "'none'", answer.address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers, answer.address


def test_the_html_is_valid(worlds: Worlds, tmp_path: Path) -> None:
    documents = {f"{name} {page.address}": page.text for name in WORLDS for page in worlds(name).pages}
    assert nu(documents, tmp_path) == []


@each_language
def test_everybody_can_use_it_in_light_and_dark(world: World, code: str, kinds: Kinds, browser: Browser) -> None:
    found: list[str] = []
    coloured = {page.address for of, pages in kinds if of is world for page in pages}
    theme, other = THEMES[code]
    with opened(browser, world, color_scheme=theme) as page:
        for each in world.differing:
            found += _judged(page, in_language(each.address, code), colours=each.address in coloured)
            if each.address in coloured:
                page.emulate_media(color_scheme=other)
                found += [f"{each.address}, {other}: {problem}" for problem in axe(page)]
                page.emulate_media(color_scheme=theme)
    assert found == []


def test_everybody_can_use_it_on_a_phone(kinds: Kinds, browser: Browser) -> None:
    """Where the window is narrow, the pages are a menu, and charts are drawn otherwise."""
    found: list[str] = []
    for world, pages in kinds:
        with opened(browser, world, color_scheme="dark", viewport={"width": WIDTHS[0], "height": 800}) as page:
            for each in pages:
                found += _judged(page, in_language(each.address, "nb"))
    assert found == []


@each_language
def test_everybody_can_use_it_without_script(world: World, code: str, browser: Browser) -> None:
    """What a browser makes of a page when it runs no script is judged like the rest.

    axe-core is a script itself: it gets the document that the browser built without script, in a page that runs some. A
    page without `script` and `noscript` is the same document either way, for the policy lets no other script run.
    """
    found: list[str] = []
    theme, _ = THEMES[code]
    with (
        opened(browser, world, java_script_enabled=False) as without,
        opened(browser, world, color_scheme=theme) as page,
    ):
        for each in [ask(world.app, in_language(each.address, code)) for each in world.differing]:
            if re.search("<(script|noscript)", each.text) is None:
                continue
            without.goto(each.address)
            built = re.sub(r"<script\b.*?</script>|</?noscript>", "", without.content(), flags=re.DOTALL)
            page.route(without.url, partial(_answer, built))
            found += _judged(page, each.address)
    assert found == []


def _answer(built: str, route: Route) -> None:
    route.fulfill(body=built, content_type="text/html")


def _judged(page: Page, address: str, *, colours: bool = True) -> list[str]:
    """What axe-core finds on a page on which all is unfolded. Colours take three times as long as all the rest."""
    show(page, address)
    return [f"{address}: {each}" for each in axe(page, colours=colours)]


@each_language
def test_no_page_is_wider_than_its_window(world: World, code: str, browser: Browser) -> None:
    too_wide: list[str] = []
    with opened(browser, world) as page:
        for address in [in_language(each.address, code) for each in world.differing]:
            show(page, address)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)") > width:
                    too_wide.append(f"{address} at {width} pixels: {page.evaluate(STICKING_OUT)}")
    assert too_wide == []


STICKING_OUT = """() => [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > innerWidth && !each.closest(".scroll"))
    .map(each => each.outerHTML.slice(0, 100)).at(-1)"""


@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[-1]])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(width: int, kinds: Kinds, browser: Browser) -> None:
    wrong: list[str] = []
    for world, pages in kinds:
        with opened(browser, world, viewport={"width": width, "height": 800}) as page:
            for address in [in_language(each.address, "nb") for each in pages]:
                show(page, address)
                page.evaluate(LOOK_AT_EACH_STOP)
                for _ in range(len(page.evaluate(MISSED)) + SPARE):
                    page.keyboard.press("Tab")
                wrong += [f"{address}: {what}" for what in page.evaluate("wrong")]
                wrong += [f"{address}: the keyboard does not reach {missed}" for missed in page.evaluate(MISSED)]
    assert wrong == []


SPARE = 5
"""More stops than we know of: a browser makes some of its own."""

# A key goes up when what it did is done: by then the next stop has the focus, and is in the window.
LOOK_AT_EACH_STOP = """() => {
    window.visited = new Set();
    window.wrong = [];
    addEventListener("keyup", () => {
        const stop = document.activeElement;
        if (stop === document.body || visited.has(stop)) return;
        visited.add(stop);
        const say = what => wrong.push(`${stop.outerHTML.slice(0, 100)}: ${what}`);
        const style = getComputedStyle(stop);
        if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) say("focus is not shown");
        const box = stop.getClientRects()[0] ?? new DOMRect();
        // In the middle of what of it is in the window.
        const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
        const x = middle(box.left, box.right, innerWidth), y = middle(box.top, box.bottom, innerHeight);
        const there = document.elementFromPoint(x, y);
        if (!there || !(stop.contains(there) || there.contains(stop))) say("it is out of sight, or covered");
    });
}"""

MISSED = """() => [...document.querySelectorAll("a[href], button, select, textarea, input, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility() && !each.disabled && each.type !== "hidden" && !visited.has(each))
    .map(each => each.outerHTML.slice(0, 100))"""
