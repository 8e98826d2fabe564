"""Documentation and program say the same: what the program has is documented, and what is documented is there.

`docs/commands.md` is where commands are described, `docs/configuration.md` where settings are; any page may name them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from msgspec import NODEFAULT, inspect

from fjes.cli import main
from ratings import config

HERE = Path(__file__).resolve().parent.parent
PAGES = sorted([*HERE.glob("*.md"), *HERE.glob("docs/**/*.md"), *HERE.glob("systemd/*")])
COMMANDS = HERE / "docs/commands.md"
CONFIGURATION = HERE / "docs/configuration.md"

# Code in a page: fenced blocks, spans, and (in units) what is started. A command starts with the word `fjes`.
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`|^ExecStart\w*=\S*/(fjes .*)$", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"^\s*(?:\$ )?(?:sudo |\.venv/bin/|python3? -m )?(fjes(?: .*)?)$", re.MULTILINE)


def named(text: str) -> Iterator[str]:
    """Every command line of ours in a page."""
    for block in CODE.finditer(text):
        for line in LINE.finditer(next(filter(None, block.groups()))):
            yield line[1]


def wrong(line: str, root: click.Command = main) -> str | None:
    """What is wrong with a command line as documented: a command or an option that does not exist. None when right.

    `a|b` stands for either; square brackets and capitals are what manuals write them for.
    """
    group, words = root, [word.strip("[]") for word in shlex.split(line, comments=True)[1:]]
    known = options(root)
    for word in words:
        if word.startswith("-"):
            option = word.partition("=")[0]
            if option not in known:
                return f"{option} is no option of it; there are {', '.join(sorted(known))}"
        elif isinstance(group, click.Group):
            for each in word.split("|"):
                if each not in beneath(group) and each != "…":
                    return f"{each!r} is no command; there are {', '.join(sorted(beneath(group))) or 'none'}"
            if word != "…":
                group = beneath(group)[word.split("|")[0]]
                known = known | options(group)
    return None


def beneath(group: click.Group) -> dict[str, click.Command]:
    """The commands of a group, by name."""
    context = click.Context(group)
    return {name: each for name in group.list_commands(context) if (each := group.get_command(context, name))}


def options(command: click.Command) -> set[str]:
    """How the options of a command are written."""
    found = {"--help", "-h"}
    for each in command.params:
        if isinstance(each, click.Option):
            found.update(each.opts, each.secondary_opts)
    return found


def leaves(command: click.Command, name: str = "fjes") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its whole name."""
    if isinstance(command, click.Group):
        for each in beneath(command).values():
            yield from leaves(each, f"{name} {each.name}")
    elif not command.hidden:
        yield name, command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(HERE).as_posix())
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    problems = [f"`{line}`: {problem}" for line in named(page.read_text("utf-8")) if (problem := wrong(line))]
    assert problems == []


def test_every_command_and_option_has_its_place_in_the_manual() -> None:
    found = re.findall(r"^## `(fjes[^`]*)`[^\n]*\n(.*?)(?=^## |\Z)", COMMANDS.read_text("utf-8"), re.M | re.S)
    sections = dict(found)
    assert len(found) == len(sections), "in docs/commands.md, a command is described twice"
    missing = []
    for name, command in leaves(main):
        text = sections.pop(name, None)
        if text is None:
            missing.append(f"## `{name}`")
            continue
        for option in options(command) - {"--help", "-h"}:
            if option.startswith("--") and not re.search(rf"`{re.escape(option)}\b", text):
                missing.append(f"{option} under ## `{name}`")
    assert missing == [], "missing in docs/commands.md"
    assert list(sections) == [], "in docs/commands.md, but no such command"


def test_every_command_says_what_it_does() -> None:
    assert [name for name, command in leaves(main) if not command.help] == []


def settings() -> dict[tuple[str, str], str]:
    """Section and key of every setting, with its default as the file would say it (`none` where nothing is set)."""
    found: dict[tuple[str, str], str] = {}
    for section in struct(config.Config):
        if isinstance(section.type, inspect.LiteralType):
            found[section.encode_name, section.encode_name] = written(section)
        else:
            found.update(keys(section.encode_name, section.type))
    return found


def keys(name: str, kind: inspect.Type) -> Iterator[tuple[tuple[str, str], str]]:
    """The keys of a section, and of the sections that it is a list of, or has lists of."""
    header = f"[{name}]"
    if isinstance(kind, inspect.ListType):
        kind, header = kind.item_type, f"[[{name}]]"
    assert isinstance(kind, inspect.StructType)
    for key in kind.fields:
        if isinstance(key.type, inspect.ListType) and isinstance(key.type.item_type, inspect.StructType):
            yield from keys(f"{name}.{key.encode_name}", key.type)
        else:
            yield (header, key.encode_name), written(key)


def struct(kind: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return described.fields


def written(key: inspect.Field) -> str:
    if key.required:
        return "none"
    value = key.default if key.default is not NODEFAULT else key.default_factory()
    if value is None:
        return "none"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def documented() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    header = ""
    for line in CONFIGURATION.read_text("utf-8").splitlines():
        if section := re.match(r"##+ `(\[+[\w.]+\]+|\w+)`", line):
            header = section[1]
        elif row := re.match(r"\| `(\w+)` \| (?:`(.+?)`|(none)) \| \S", line):
            found[header, row[1]] = row[2] or row[3]
    return found


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    assert documented() == settings()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(HERE).as_posix())
def test_configurations_that_a_page_shows_can_be_read(page: Path) -> None:
    for example in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        config.read(example, page.name)


@pytest.mark.parametrize("page", [each for each in PAGES if each.suffix == ".md"], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    shown = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", shown)
    assert [target for target in targets if not (page.parent / target).exists()] == []


# The checks above can fail: a small tree of commands, and what a page may say of it.


@click.group()
def sample() -> None:
    """A tree of two."""


@sample.command()
@click.option("--once/--twice")
def show(once: bool) -> None:
    """Show it."""


@sample.command()
@click.argument("file")
def take(file: str) -> None:
    """Take it."""


@pytest.mark.parametrize(
    "line",
    [
        "fjes",
        "fjes --help",
        "fjes show",
        "fjes show --once",
        "fjes show [--twice]",
        "fjes take FILE…",
        "fjes show|take",
    ],
)
def test_a_documented_line_that_is_right_is_accepted(line: str) -> None:
    assert wrong(line, sample) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("fjes hide", "'hide' is no command; there are show, take"),
        ("fjes show|hide", "'hide' is no command"),
        ("fjes show --thrice", "--thrice is no option"),
        ("fjes take FILE --once", "--once is no option"),
    ],
)
def test_a_documented_line_that_is_wrong_is_found(line: str, problem: str) -> None:
    assert problem in (wrong(line, sample) or "")


def test_commands_are_found_in_blocks_spans_and_units() -> None:
    page = "Run `fjes one`, then\n```sh\n$ fjes two --now\nls\nsudo fjes three\n```\nnot fjes four, `fjes.toml`\n"
    assert list(named(page)) == ["fjes one", "fjes two --now", "fjes three"]
    assert list(named("[Service]\nExecStart=/opt/fjes/bin/fjes five\n")) == ["fjes five"]
