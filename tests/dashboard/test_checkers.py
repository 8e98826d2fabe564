"""The judges of the pages do judge: what is wrong with a page is found, and what is right is not."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.dashboard.checkers import axe, nu

RIGHT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title></head>
<body><main><h1>A page</h1><p>Text</p></main></body></html>"""


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("<p>", '<p><img src="x">', "image-alt"),
        ("<h1>", "<h3>", "page-has-heading-one"),
        (' lang="en"', "", "html-has-lang"),
        ("<p>", '<p style="color: #aaa; background: #fff">', "color-contrast"),
    ],
)
def test_axe_finds_what_keeps_people_out(browser: Browser, right: str, wrong: str, found: str) -> None:
    page = browser.new_page()
    page.set_content(RIGHT)
    assert axe(page) == []
    page.set_content(RIGHT.replace(right, wrong))
    assert found in {each.split(":")[0] for each in axe(page)}
    assert axe(page, within="title") == []
    assert (axe(page, colours=False) == []) == (found == "color-contrast")
    page.close()


def test_the_html_checker_names_the_page_and_what_is_wrong_in_it(tmp_path: Path) -> None:
    wrong = {
        "unclosed": RIGHT.replace("</p>", "<b>"),
        "nested": RIGHT.replace("<p>Text", "<p><a href=x>Text <a href=y>twice</a>"),
        "right": RIGHT,
        "doubled": RIGHT.replace("<p>", "<p id=x></p><p id=x>"),
    }
    assert {each.split(",")[0] for each in nu(wrong, tmp_path)} == {"unclosed", "nested", "doubled"}
