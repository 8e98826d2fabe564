"""Where something stands in a TOML text: every value that is found there is the one that `tomllib` reads."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.config import ConfigError, read
from ratings.locating import Path, line_of, spots

WRITTEN = """\
# A file as people write it. [not] = "a heading"
role = "terminal"   # a remark = with signs

[terminal]
id = 'stua'
"time\\u007aone" = "Europe/Oslo"

[[questions]]
place = "Pro # \\" Sentret"
texts = { nb = "a, b", en = 'c } d' }
[[questions]]
from = "2027-01"
texts.nb = \"\"\"
[kiosk]
place = ""x\"\"\"\"
[kiosk]
languages = [
    "nb", # the first ]
    "en",
]
when = 2026-11-29 10:00:00
[follow_up]
[[follow_up.reasons]]
id = "staff"
[[follow_up.reasons]]
id = '''
x'''''
[a."b.c"]
d.e = [[1, 2], { f = 3.5 }, [ ]]
"""


def value_at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def check(text: str) -> None:
    document, found = tomllib.loads(text), spots(text)
    lines = text.split("\n")
    for path, spot in found.items():
        if spot.end > spot.start:
            assert tomllib.loads(f"x = {text[spot.start : spot.end]}")["x"] == value_at(document, path), path
            line = text.count("\n", 0, spot.start) + 1
            if isinstance(path[-1], str):
                assert spot.line <= line
                assert lines[spot.line - 1].lstrip()[:1] not in ("", "#")
    assert leaves(document) <= set(found)


def leaves(value: Any, path: Path = ()) -> set[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return {path}
    return {leaf for key, each in items for leaf in leaves(each, (*path, key))}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_value_is_found_where_it_stands(ends: str) -> None:
    check(WRITTEN.replace("\n", ends))


def test_lines_are_those_of_the_keys_and_headings() -> None:
    found = spots(WRITTEN)
    lines = {
        ("role",): 2,
        ("terminal",): 4,
        ("terminal", "timezone"): 6,
        ("questions", 0): 8,
        ("questions", 0, "texts", "en"): 10,
        ("questions", 1, "from"): 12,
        ("questions", 1, "texts", "nb"): 13,
        ("kiosk", "languages"): 17,
        ("kiosk", "languages", 1): 19,
        ("follow_up", "reasons", 1, "id"): 26,
        ("a", "b.c", "d", "e", 1, "f"): 29,
    }
    assert {path: found[path].line for path in lines} == lines


def test_of_a_key_that_is_not_there_it_is_the_sections_line() -> None:
    found = spots("\n[mail]\nfrom = 'x'\n")
    assert line_of(found, ("mail", "host")) == 2
    assert line_of(found, ("oidc", "issuer")) is None


keys = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5)
values = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def quoted(text: str) -> str:
    shown = "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in text)
    return f'"{shown}"'


def inline(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(inline, value))}]"
    return "{" + ", ".join(f"{quoted(key)} = {inline(each)}" for key, each in value.items()) + "}"


def lines_of(document: dict[str, Any], heading: str = "") -> str:
    """A table as a file has it: what is a table in it under a heading of its own, a list of tables under several."""
    text, below = "", ""
    for key, value in document.items():
        name = f"{heading}.{quoted(key)}" if heading else quoted(key)
        if isinstance(value, dict):
            below += f"[{name}]\n{lines_of(value, name)}"
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            below += "".join(f"[[{name}]]\n{lines_of(each, name)}" for each in value)
        else:
            text += f"{quoted(key)} = {inline(value)}\n"
    return text + below


@given(st.dictionaries(keys, values, max_size=4), st.booleans())
def test_whatever_the_file_says(document: dict[str, Any], crlf: bool) -> None:
    text = lines_of(document)
    assert tomllib.loads(text) == document
    check(text.replace("\n", "\r\n") if crlf else text)


@given(st.text(max_size=60) | st.text(alphabet="[]{}.='\"\\# \na", max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    spots(text)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "[" * 5000 + "]" * 5000, "x = '" + "a" * 10**6 + "'"])
def test_deep_and_long_texts_do_no_harm(text: str) -> None:
    spots(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n[terminal]\nid = 'Stua'", 3),
        ("role = 'kiosk'", 1),
        ("[kiosk]\n\nsize = fullscreen", 3),
        ("a = 1\n", 1),
        ("[kiosk]\nlanguages = ['nb'\n\n\n", 2),
        ("[terminal]\n\nidd = 'x'", 3),
        ("\n[terminals]", 2),
        ("[[questions]]\n[[questions]]\nfrom = '2027-01'\n[[questions]]\nfrom = '2027-02'\nid = 'B'", 6),
        ("[[questions]]\n[[questions]]\nfrom = '2027-01'\ntext = 'x'", 4),
        ("[[questions]]\n[[questions]]\nfrom = '2027-01'\nplace = 7", 4),
        ("[[questions]]\n[[questions]]\n", 2),
        ("[follow_up]\n[[follow_up.reasons]]\nid = 'staff'\n[[follow_up.reasons]]\nname = 'x'", 5),
        ("[[follow_up.reasons]]\nid = 'staff'\n[[follow_up.reasons]]\nid = 'staff'", 4),
        ("[mail]\nfrom = 'a@b.example'", 1),
        ("[dashboard]\nport = 1\ncertificate = 'a'", 3),
        ("[buttons]\nhappy = 17", 1),
        ("[kiosk]\nlanguages = ['nb',\n  'nb']", 2),
        ("[staff]\npin = '123'", 2),
        ("[broker]\nhost = 'a'\n\nrole = 'dashboard'", 4),
        ("[terminal]\nid = " + "9" * 5000, None),
        ("a = " + "[" * 5000, None),
    ],
)
def test_a_mistake_in_the_configuration_is_told_with_its_line(text: str, line: int | None) -> None:
    with pytest.raises(ConfigError) as refused:
        read(text, "fjes.toml")
    assert refused.value.line == line
    if line is not None and "not readable" not in str(refused.value):
        assert str(refused.value).startswith(f"fjes.toml, line {line}: ")
    assert refused.value.problem in str(refused.value)
