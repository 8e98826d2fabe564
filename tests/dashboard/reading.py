"""Reading a page as a person would, and computing its figures apart from the code under test."""

from __future__ import annotations

import math
import re
from datetime import date
from html import unescape

from flask.testing import FlaskClient

from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.scale import Counts
from tests.dashboard.filling import Filling

Z = 1.959963984540054


def client(filling: Filling, today: date) -> FlaskClient:
    return create_app(filling.engine, Dashboard(), today=lambda: today).test_client()


def read(filling: Filling, address: str, today: date, status: int = 200) -> str:
    answer = client(filling, today).get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True).replace("\N{NO-BREAK SPACE}", " ")


def rows(text: str, kind: str = "months") -> list[list[str]]:
    """The cells of all tables of a kind, as text, without their headings."""
    tables = re.findall(rf'<table class="{kind}">(.*?)</table>', text, re.DOTALL)
    found = [row for table in tables for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)]
    cells = [re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found if "</td>" in row]
    return [[words(cell) for cell in row] for row in cells]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def wilson(k: int, n: int) -> tuple[float, float]:
    """In another form than the code under test (Agresti and Coull 1998)."""
    middle = (k + Z * Z / 2) / (n + Z * Z)
    half = Z / (n + Z * Z) * math.sqrt(k * (n - k) / n + Z * Z / 4)
    return 100 * (middle - half), 100 * (middle + half)


def clear_points(before: Counts, after: Counts) -> float | None:
    """By how many points the satisfied share changed; None where Newcombe's interval has zero in it."""
    (k1, n1), (k2, n2) = ((counts[2] + counts[3], sum(counts)) for counts in (after, before))
    p1, p2 = 100 * k1 / n1, 100 * k2 / n2
    (low1, high1), (low2, high2) = wilson(k1, n1), wilson(k2, n2)
    low = p1 - p2 - math.sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
    high = p1 - p2 + math.sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    return None if low <= 0 <= high else p1 - p2
