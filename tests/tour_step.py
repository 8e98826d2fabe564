"""What both parts of the tour are made of: a step, the day, and reading from a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from playwright.sync_api import Page

from fjes import history

NOW = datetime(2021, 1, 11, 9, tzinfo=history.ZONE)
"""A Monday morning, and the time of the annual report."""
SITE = history.KIOSK.site


@dataclass(frozen=True, slots=True)
class Step:
    """A heading, what is said about it, and its pictures: their names, and what they show in words.

    `said`: what the page says there, word for word.
    """

    title: str
    text: str
    pictures: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)


def said(page: Page, selector: str) -> str:
    """What a part of the page says, on one line."""
    return one_line(page.locator(selector).first.inner_text())


def one_line(text: str) -> str:
    return " ".join(text.split())
