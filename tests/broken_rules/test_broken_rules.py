"""The list of rules that can be broken fits the code, and the runner says what it sees. `make broken` runs all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.broken_rules.__main__ import main
from tests.broken_rules.rules import Rule, chosen, load, problems

LARGEST = Rule(
    group="test",
    rule="Four of the largest counts fit the cell on the card",
    file="ratings/scale.py",
    old="MAX_COUNT = 2**32 - 1",
    new="MAX_COUNT = 2**32",
    tests=("tests/ratings/test_scale.py::test_four_of_the_largest_counts_fit_the_cell_on_the_card",),
)
GROUPS = {
    *("audit", "blocks", "card", "hardware", "misuse", "readers", "shown", "source", "tables", "told", "trend", "wire"),
}
SAID = replace(LARGEST, rule="A rating counts as one", old='"""The counts of a single rating."""', new='"""One."""')
GONE = replace(LARGEST, rule="Nobody is counted twice", old="def count_twice")


def test_each_edit_applies_once_and_compiles_and_the_tests_exist() -> None:
    assert list(problems(load())) == []


def test_no_part_of_anonymity_is_left_out() -> None:
    assert {rule.group for rule in load()} == GROUPS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (GONE, "0 times, not once"),
        (replace(LARGEST, old="Counts"), "times, not once"),
        (replace(LARGEST, new=LARGEST.old), "its new text is the old one"),
        (replace(LARGEST, new="MAX_COUNT = ("), "does not compile"),
        (replace(LARGEST, file="ratings/scales.py"), "No such file"),
        (replace(LARGEST, tests=()), "no test is named"),
        (replace(LARGEST, tests=("tests/ratings/test_scales.py",)), "there is no test"),
        (replace(LARGEST, tests=("tests/ratings/test_scale.py::test_nothing",)), "there is no test"),
    ],
)
def test_what_is_wrong_with_the_list_is_said(wrong: Rule, said: str) -> None:
    (problem,) = problems([wrong])
    assert said in problem


def test_a_rule_that_is_listed_twice_is_said() -> None:
    assert list(problems([LARGEST, LARGEST])) == [f"{LARGEST.rule}: listed twice"]


def test_words_choose_by_group_sentence_file_and_test() -> None:
    other = replace(LARGEST, group="wire", rule="Else", file="dashboard/blocks.py", tests=("tests/test_books.py",))
    for words in (["wire"], ["ELSE"], ["blocks.py"], ["test_books"], ["wire", "else"]):
        assert chosen([LARGEST, other], words) == [other]
    assert chosen([LARGEST, other], ["wire", "largest"]) == []


def test_a_rule_whose_break_a_test_notices_is_said_and_the_next_begins_with_it_mended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([], [LARGEST, replace(LARGEST, new="MAX_COUNT = 2**33 - 1")]) == 0
    noticed = f"noticed: test: {LARGEST.rule}: by {LARGEST.tests[0]}\n"
    assert capsys.readouterr().out == f"{noticed}{noticed}2 rules broken, 2 noticed\n"


def test_a_rule_whose_break_goes_unnoticed_or_that_cannot_be_tried_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = replace(LARGEST, rule="Nothing", tests=("tests/ratings/test_scale.py::test_nothing",))
    assert main([], [SAID, GONE, nothing]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"UNNOTICED: test: {SAID.rule}: by {SAID.tests[0]}"
    assert said[1].startswith(f"CANNOT BE TRIED: test: {GONE.rule}: its old text is in ratings/scale.py 0 times")
    assert said[2].startswith(f"CANNOT BE TRIED: test: {nothing.rule}:")
    assert said[3] == "3 rules broken, 0 noticed"
