"""Walks an application as a person would who follows every link from the front page: addresses and their answers.

Of links that differ only in which site, month or number they name, a few are followed (`shape`); of files, one. Of
pages that differ only in what is written on them, and not in what they are built of, few need be seen (`differing`).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import tinyhtml5
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"

PLACE = r"^/(all|area|site|terminal)(-[^/]+)?(?=/|$)"
"""What begins an address: where it is about."""

EXAMPLES = 3
"""How many links of a shape are followed, where they lead to pages: of files, whose shape says less, it is one."""


@dataclass(frozen=True)
class Answer:
    """What an address answered, and where it was linked from."""

    address: str
    found_on: str
    status: int
    kind: str
    headers: Headers
    body: bytes

    @property
    def is_page(self) -> bool:
        """Whether somebody reads it: a page, or a message."""
        return self.kind == "text/html" and not self.is_redirect

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status < 400

    @property
    def text(self) -> str:
        return self.body.decode()

    @cached_property
    def tree(self) -> Element:
        """The document, as a browser reads it."""
        tree: Element = tinyhtml5.parse(self.text)
        return tree

    def links(self) -> Iterator[str]:
        """What of this application it links to, loads, or sends its forms to as they are filled in."""
        if self.is_redirect:
            found = [self.headers["Location"]]
        elif self.is_page:
            forms = [form for form in self.tree.iter(f"{HTML}form") if form.get("method", "get").lower() == "get"]
            found = [*_linked(self.tree), *map(_submitted, forms)]
        elif self.kind == "text/css":
            found = re.findall(r'url\("?([^")]+)"?\)', self.text)
        else:
            found = []
        for link in found:
            address = urljoin(self.address, urldefrag(link).url)
            if not urlsplit(address).netloc:
                yield address


def walk(app: Flask, *also: str) -> dict[str, Answer]:
    """Addresses that can be reached from the front page, and from some others, with their answers."""
    waiting = deque([("/", ""), *((address, "") for address in also)])
    seen = {address for address, _ in waiting}
    followed: Counter[object] = Counter()
    answers: dict[str, Answer] = {}
    while waiting:
        address, found_on = waiting.popleft()
        answer = answers[address] = ask(app, address, found_on)
        for link in answer.links():
            if link not in seen and followed[shape(app, link)] < (1 if is_file(link) else EXAMPLES):
                seen.add(link)
                followed[shape(app, link)] += 1
                waiting.append((link, address))
    return answers


def ask(app: Flask, address: str, found_on: str = "") -> Answer:
    """What an address answers."""
    with app.test_client().get(address) as response:
        return Answer(address, found_on, response.status_code, response.mimetype or "", response.headers, response.data)


def shape(app: Flask, address: str) -> tuple[object, ...]:
    """What kind of address it is: the same for both languages, all sites, all months, and all numbers of anything."""
    parts = urlsplit(address)
    if is_file(address):
        # Files are made in the same way for all places and months.
        return endpoint(app, address), _any_number(re.sub(PLACE, "", parts.path))
    query = sorted((name, _any_number(value)) for name, value in parse_qsl(parts.query) if name != "lang")
    return endpoint(app, address), _any_number(re.sub(PLACE, r"\1", parts.path)), *query


def is_file(address: str) -> bool:
    """Whether an address has an ending, as those of files have."""
    return "." in urlsplit(address).path


def _any_number(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def differing(pages: Iterable[Answer]) -> Iterator[Answer]:
    """So many pages that every kind of element that a page can have is on one of them, those with most first."""
    seen: set[tuple[object, ...]] = set()
    for page in sorted(pages, key=lambda page: -len(_elements(page))):
        if not _elements(page) <= seen:
            seen |= _elements(page)
            yield page


def _elements(page: Answer) -> set[tuple[object, ...]]:
    name = re.sub(PLACE, "", urlsplit(page.address).path)
    return {(name, each.tag, each.get("class"), each.get("role")) for each in page.tree.iter()}


def endpoint(app: Flask, address: str) -> str | None:
    """What answers to an address; None where nothing does."""
    try:
        found, _ = app.url_map.bind("").match(urlsplit(address).path)
    except HTTPException:
        return None
    return str(found)


def in_language(address: str, code: str) -> str:
    """The address of the same page in a language."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "lang"]
    return f"{parts.path}?{urlencode([*query, ('lang', code)])}"


def _linked(tree: Element) -> list[str]:
    of_html = [
        element.attrib[name]
        for element in tree.iter()
        for name in ("href", "src")
        if str(element.tag).startswith(HTML) and name in element.attrib
    ]
    return [link for link in of_html if not link.startswith("#")]


def _submitted(form: Element) -> str:
    """Where a form leads that is sent as it is."""
    fields: list[tuple[str, str]] = []
    for field in form.iter():
        name = field.get("name")
        if not name:
            continue
        if field.tag == f"{HTML}select":
            options = list(field.iter(f"{HTML}option"))
            chosen = [each for each in options if "selected" in each.attrib] or options[:1]
            fields += [(name, each.get("value", each.text or "")) for each in chosen]
        elif field.tag == f"{HTML}input" and (
            field.get("type") not in ("checkbox", "radio") or "checked" in field.attrib
        ):
            fields.append((name, field.get("value", "")))
    return f"{form.get('action', '')}?{urlencode(fields)}"
