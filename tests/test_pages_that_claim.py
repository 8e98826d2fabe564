"""Pages that claim something say what tests show and what the program does: accessibility, privacy, what is printed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser

from ratings import wire
from ratings.config import LANGUAGES, Config
from ratings.pooling import LEAST
from terminal import courier

HERE = Path(__file__).resolve().parent.parent
DOCS = HERE / "docs"
NOTICE = DOCS / "notice.html"


@pytest.mark.parametrize(("page", "least"), [("accessibility.md", 20), ("privacy.md", 14)])
def test_the_tests_that_a_page_names_exist(page: str, least: int) -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / page).read_text("utf-8")))
    written = {
        name
        for file in (HERE / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) >= least
    assert sorted(named - written) == []


def default(setting: str) -> str:
    """The default of a setting, as a page writes it."""
    section, key = setting.split(".")
    value = getattr(getattr(Config(), section), key)
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def test_the_numbers_of_the_privacy_page_are_those_of_the_program() -> None:
    text = (DOCS / "privacy.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+\.\w+)` \| `?([\w.]+)`? \|", text, re.MULTILINE)
    assert len(rows) == 7
    assert rows == [(setting, default(setting)) for setting, _ in rows]
    assert f"every {courier.STATUS_SECONDS / 60:g} minutes" in text.replace("about every", "every")
    assert f"always {wire.STATUS_BYTES} bytes" in text
    assert f"can be set below {LEAST}," in text


@pytest.mark.parametrize("page", ["dpia.md", "dpia.nb.md"])
def test_the_settings_that_an_assessment_rests_on_are_the_defaults(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    boxes = re.findall(r"`(\w+\.\w+)` (?:is|er) `?(\w+)`?", text)
    assert dict(boxes) == {name: default(name) for name in dict(boxes)}
    assert len(boxes) == 3


def test_both_assessments_are_one_in_two_languages() -> None:
    english, norwegian = ((DOCS / page).read_text("utf-8") for page in ("dpia.md", "dpia.nb.md"))
    for mark in ("\n## ", "\n- [ ] ", "\n| ", "\n- "):
        assert english.count(mark) == norwegian.count(mark), mark
    sources = [re.findall(r"https://[^)\s]+", text[text.index("## 9") :]) for text in (english, norwegian)]
    assert sources[0][1:] == sources[1][1:], "the regulation itself is linked in each one's own language"


class _Notice(HTMLParser):
    """The letters and lines of each language of the notice."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self._language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self._language = dict(attrs)["lang"] or ""
            self.texts[self._language], self.lines[self._language] = "", 0
        elif tag in ("h2", "li", "p") and self._language:
            self.lines[self._language] += 1

    def handle_data(self, data: str) -> None:
        if self._language:
            self.texts[self._language] += data


def test_the_notice_speaks_all_languages_and_its_fonts_have_their_letters() -> None:
    text = NOTICE.read_text("utf-8")
    notice = _Notice()
    notice.feed(text)
    assert list(notice.texts) == list(LANGUAGES)
    assert set(notice.lines.values()) == {7}, "not every language says the same"
    fonts = [DOCS / name for name in re.findall(r'url\("([^"]+)"\)', text)]
    assert len(fonts) == 3
    letters = set.union(*(set(TTFont(font).getBestCmap()) for font in fonts))
    for language, said in notice.texts.items():
        assert {letter for letter in said if ord(letter) not in letters and not letter.isspace()} == set(), language


def test_the_notice_is_one_sheet_and_nothing_in_it_is_cut_off(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.goto(NOTICE.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.fonts.ready.then(fonts => [...fonts].every(font => font.status == 'loaded'))")
    # Also where somebody's name and telephone are written into each.
    page.evaluate("document.querySelectorAll('.whom').forEach(line => line.textContent = 'Kari Nordmann, 22 33 44 55')")
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) == 1
    bottoms = page.evaluate(
        "[...document.querySelectorAll('.whom, main')].map(each => each.getBoundingClientRect().bottom)"
    )
    assert max(bottoms[1:]) < bottoms[0]
    page.close()


def test_no_setting_of_the_privacy_page_is_made_up() -> None:
    named = re.findall(r"`(\w+)\.(\w+)(?: = [^`]+)?`", (DOCS / "privacy.md").read_text("utf-8"))
    settings = [(section, key) for section, key in named if hasattr(Config(), section)]
    assert len(settings) > 8
    assert [each for each in settings if not hasattr(getattr(Config(), each[0]), each[1])] == []
