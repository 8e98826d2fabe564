"""The rules of anonymity, each with an edit that breaks it in the code, and the tests that have to notice.

They stand in the `.toml` files beside this one: under the file that is edited, the rule in a sentence, the text that is
there once, what is put in its place, and the test files (or tests: `file::test`), the cheapest that notice. Edits that
change nothing for anybody are not listed.
"""

from __future__ import annotations

import ast
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, and how to break it. `group`: the name of the file that it stands in."""

    group: str
    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def broken(self, text: str) -> str:
        """The file's text with the rule broken. Raises ValueError where the edit no longer applies."""
        if (n := text.count(self.old)) != 1:
            raise ValueError(f"its old text is in {self.file} {n} times, not once")
        if self.new == self.old:
            raise ValueError("its new text is the old one")
        made = text.replace(self.old, self.new)
        if self.file.endswith(".py"):
            try:
                compile(made, self.file, "exec")
            except SyntaxError as error:
                raise ValueError(f"{self.file} does not compile with its new text: {error}") from None
        return made


def load(folder: Path = HERE) -> list[Rule]:
    """All rules, group by group."""
    return [
        Rule(path.stem, each["rule"], file, each["old"], each["new"], tuple(shlex.split(each["tests"])))
        for path in sorted(folder.glob("*.toml"))
        for file, some in tomllib.loads(path.read_text("utf-8")).items()
        for each in some
    ]


def chosen(rules: Sequence[Rule], words: Sequence[str]) -> list[Rule]:
    """Those of which the group, the sentence, the file or the tests have all of some words in them."""
    return [
        rule
        for rule in rules
        if all(word.lower() in " ".join((rule.group, rule.rule, rule.file, *rule.tests)).lower() for word in words)
    ]


def problems(rules: Sequence[Rule], root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the list itself: edits that do not apply, tests that do not exist, rules listed twice."""
    seen: set[str] = set()
    for rule in rules:
        if rule.rule in seen:
            yield f"{rule.rule}: listed twice"
        seen.add(rule.rule)
        try:
            rule.broken((root / rule.file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            yield f"{rule.rule}: {error}"
        if not rule.tests:
            yield f"{rule.rule}: no test is named"
        for test in rule.tests:
            path, _, name = test.partition("::")
            if not (root / path).is_file() or (name and name.partition("[")[0] not in _tests(root / path)):
                yield f"{rule.rule}: there is no test {test}"


def _tests(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef)}
