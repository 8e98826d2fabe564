"""Breaks one rule in a copy of the source tree, and sees which test notices.

A test has noticed only if it passes again once the rule is mended: else it fails for another reason.
"""

from __future__ import annotations

import enum
import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path

from tests.broken_rules.rules import ROOT, Rule

SECONDS = 600
"""A test that takes longer hangs."""

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".cache", ".hypothesis", ".*_cache", "build", "dist", "*.egg-info")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", re.MULTILINE)


# No rule depends on the kind of database: a test that runs with either kind runs with one. The warning is about what
# the nursery has imported.
PYTEST = [
    *("-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-k", "not postgresql"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
]


class Outcome(enum.Enum):
    """What came of a rule that was broken."""

    NOTICED = "noticed"
    UNNOTICED = "UNNOTICED"
    FAILED = "CANNOT BE TRIED"


@dataclass
class Tree:
    """A copy of the source tree, in a folder of its own."""

    folder: Path
    prepared: bool = False
    """Whether the nursery imports beforehand what is not ours: that pays from some ten rules on."""
    _passing: set[str] = field(default_factory=set)
    _nursery: subprocess.Popen[str] | None = None

    @classmethod
    def copied(cls, folder: Path, *, prepared: bool) -> Tree:
        """Copy the tree to a folder that is not there yet."""
        shutil.copytree(ROOT, folder / "tree", ignore=_LEFT_OUT, symlinks=True)
        return cls(folder, prepared)

    @property
    def root(self) -> Path:
        """Where the copy begins."""
        return self.folder / "tree"

    def try_out(self, rule: Rule) -> tuple[Outcome, str]:
        """Break a rule, run its tests, mend it. What came of it, and the test that noticed or what is wrong."""
        path = self.root / rule.file
        text = path.read_text("utf-8")
        try:
            broken = rule.broken(text)
        except ValueError as error:
            return Outcome.FAILED, str(error)
        try:
            self._write(path, broken)
            code, said = self._pytest(rule.tests)
        finally:
            self._write(path, text)
        if code == 0:
            return Outcome.UNNOTICED, f"by {', '.join(rule.tests)}"
        failed = _FAILED.search(said)
        if code == -signal.SIGALRM:
            return Outcome.FAILED, f"its tests take longer than {SECONDS} seconds"
        if code != 1 or failed is None:
            return Outcome.FAILED, said.strip().splitlines()[-1] if said.strip() else f"pytest ended with {code}"
        test = failed[1]
        if test not in self._passing:
            code, said = self._pytest((test,))
            if code:
                return Outcome.FAILED, f"{test} fails where nothing is broken, too"
            self._passing.add(test)
        return Outcome.NOTICED, f"by {test}"

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # What Python has compiled is known by size and second: an edit may have the same of both.
        Path(cache_from_source(str(path))).unlink(missing_ok=True)

    def _pytest(self, tests: tuple[str, ...]) -> tuple[int, str]:
        if self._nursery is None:
            command = [
                sys.executable,
                str(self.root / "tests/broken_rules/nursery.py"),
                *(["--prepared"] if self.prepared else []),
            ]
            self._nursery = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        said = self.folder / "said"
        arguments = [*PYTEST, f"--basetemp={self.folder / 'basetemp'}", *tests]
        self._nursery.stdin.write(json.dumps([str(self.root), arguments, str(said), SECONDS]) + "\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline()), said.read_text("utf-8", "replace")

    def close(self) -> None:
        """End what runs the tests."""
        if self._nursery is not None:
            self._nursery.communicate()
