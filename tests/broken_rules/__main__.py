"""`python -m tests.broken_rules`: break each rule of anonymity in the code, and see that a test notices.

`make broken` runs this: all of it takes about an hour. Words choose rules: a group, a file, a test, or what is in the
sentence. Ends with 1 where a broken rule goes unnoticed, or cannot be tried.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from tests.broken_rules.rules import Rule, chosen, load
from tests.broken_rules.trying import Outcome, Tree


def main(arguments: Sequence[str] | None = None, rules: Sequence[Rule] | None = None) -> int:
    """Returns the exit code. `rules` in place of all that are listed: for tests."""
    parser = argparse.ArgumentParser(prog="python -m tests.broken_rules", description="Break rules; tests notice.")
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only rules with this in them (audit, blocks.py, wire)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (1)")
    parser.add_argument("--list", action="store_true", dest="only_list", help="say which rules there are")
    wishes = parser.parse_args(arguments)
    some = chosen(load() if rules is None else rules, wishes.words)
    if not some:
        parser.error("no rule has all of these words in it")
    if wishes.only_list:
        for rule in some:
            click.echo(f"{rule.group}: {rule.rule} ({rule.file})")
        return 0
    outcomes = try_out(some, wishes.jobs)
    noticed = outcomes.count(Outcome.NOTICED)
    click.echo(f"{len(some)} rules broken, {noticed} noticed")
    return 0 if noticed == len(some) else 1


def try_out(rules: Sequence[Rule], jobs: int) -> list[Outcome]:
    """Try each rule, some at a time, each of these in a copy of its own; say what comes of each."""
    waiting: queue.SimpleQueue[Rule] = queue.SimpleQueue()
    for rule in rules:
        waiting.put(rule)
    outcomes: list[Outcome] = []

    def work(folder: Path) -> None:
        with contextlib.closing(Tree.copied(folder, prepared=len(rules) > 10)) as tree:
            while True:
                try:
                    rule = waiting.get_nowait()
                except queue.Empty:
                    return
                outcome, how = tree.try_out(rule)
                outcomes.append(outcome)
                click.echo(f"{outcome.value}: {rule.group}: {rule.rule}: {how}")

    with tempfile.TemporaryDirectory(prefix="fjes-broken-") as folder:
        threads = [threading.Thread(target=work, args=(Path(folder) / str(number),)) for number in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
