"""The page on accessibility claims what tests show: every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def test_the_tests_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", (HERE / "docs/accessibility.md").read_text("utf-8")))
    written = {
        name
        for file in (HERE / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert sorted(named - written) == []
