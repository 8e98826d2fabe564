"""`fjes report`: the figures of real ratings to the last digit, its sentences, and what it says where it cannot."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy
import pytest
from click.testing import CliRunner, Result

from dashboard import places, reports
from dashboard.language import words
from fjes.cli import main
from tests.dashboard.filling import Filling

# 229 real ratings of the first quarter of 2022, counted by hand from the vendor's file.
SAMPLE = {"2022-01": (19, 18, 25, 53), "2022-02": (13, 5, 8, 19), "2022-03": (24, 5, 12, 28)}


@pytest.fixture
def sample(filling: Filling) -> Filling:
    stua = filling.terminal("Stua")
    for month, counts in SAMPLE.items():
        filling.month(stua, month, counts, repeat=(7, 0, 0, 0))
    return filling


def run(filling: Filling, *arguments: str, first: str = "2022-01", last: str = "2022-03") -> Result:
    url = filling.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["report", "--from", first, "--to", last, "--database", url, *arguments])


def as_json(filling: Filling, *arguments: str, first: str = "2022-01", last: str = "2022-03") -> dict[str, Any]:
    found = run(filling, "--format", "json", *arguments, first=first, last=last)
    assert found.exit_code == 0, found.output
    document: dict[str, Any] = json.loads(found.output)
    return document


def test_the_sample_gives_the_figures_of_the_file(sample: Filling) -> None:
    found = as_json(sample)
    assert found["requested"] == {"from": "2022-01", "to": "2022-03"}
    assert (found["from"], found["to"], found["hidden"]) == ("2022-01", "2022-03", [])
    assert set(found) == {"requested", "from", "to", "blocks", "total", "hidden"}
    blocks = found["blocks"]
    assert [(each["from"], each["to"]) for each in blocks] == [(month, month) for month in SAMPLE]
    assert [tuple(each["counts"]) for each in blocks] == list(SAMPLE.values())
    assert [each["n"] for each in blocks] == [115, 45, 69]
    assert [round(each["satisfied"]["percent"], 1) for each in blocks] == [67.8, 60.0, 58.0]
    assert blocks[0]["satisfied"]["percent"] == pytest.approx(100 * 78 / 115, rel=1e-15)
    assert blocks[0]["very_satisfied"]["percent"] == pytest.approx(100 * 53 / 115)
    assert blocks[0]["very_satisfied_of_satisfied"]["percent"] == pytest.approx(100 * 53 / 78)
    # Wilson's interval of 78 of 115, computed apart: where |p - x| = z * sqrt(x (1 - x) / n).
    z2, p = 1.959963984540054**2 / 115, 78 / 115
    bounds = sorted(100 * numpy.roots([1 + z2, -(2 * p + z2), p * p]))
    assert [blocks[0]["satisfied"][each] for each in ("low", "high")] == pytest.approx(bounds)
    total = found["total"]
    assert (total["from"], total["to"], total["n"], total["counts"]) == ("2022-01", "2022-03", 229, [56, 28, 45, 100])
    assert total["satisfied"]["percent"] == pytest.approx(100 * 145 / 229)


def test_a_terminal_and_a_site_can_be_named(sample: Filling) -> None:
    everything = as_json(sample)
    assert as_json(sample, "--terminal", "Stua") == everything
    assert as_json(sample, "--terminal", "stua", "--site", "Pro Sentret", "--question", "visit") == everything


def test_the_text_says_which_share_is_of_what(sample: Filling) -> None:
    text = run(sample).output.replace("\N{NO-BREAK SPACE}", " ")
    assert "Pro Sentret, januar–mars 2022" in text
    assert "63 % er fornøyd; 44 % er svært fornøyd. Begge andelene er av alle 229 vurderinger." in text
    assert "Av de 145 som er fornøyd, er 69 % svært fornøyd." in text
    assert "67,8 %" in text
    assert "145 av 229" in text
    english = run(sample, "--lang", "en").output
    assert "63% are satisfied; 44% are very satisfied. Both are shares of all 229 ratings." in english
    assert "Of the 145 who are satisfied, 69% are very satisfied." in english
    assert "67.8%" in english


def test_the_report_that_can_be_read_two_ways_is_unambiguous(filling: Filling) -> None:
    filling.month(filling.terminal("Stua"), "2020-09", (2, 1, 4, 93))
    text = run(filling, first="2020-09", last="2020-12").output.replace("\N{NO-BREAK SPACE}", " ")
    assert "97 % er fornøyd; 93 % er svært fornøyd. Begge andelene er av alle 100 vurderinger." in text
    assert "Av de 97 som er fornøyd, er 96 % svært fornøyd." in text


def test_percentages_are_rounded_half_up_as_people_do() -> None:
    say = words("nb")
    assert [say.percent(each) for each in (62.5, 63.5, 0.5, 99.4999)] == [
        f"{each}\N{NO-BREAK SPACE}%" for each in (63, 64, 1, 99)
    ]
    assert words("en").percent(12.25, 1) == "12.3%"
    assert say.number(12345) == "12\N{NO-BREAK SPACE}345"


def test_a_widened_range_and_hidden_months_are_said(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    for month, n in {"2022-01": 6, "2022-02": 6, "2022-03": 4}.items():
        filling.month(stua, month, (0, 0, 0, n))
    found = as_json(filling, first="2022-02")
    assert (found["requested"]["from"], found["from"], found["to"]) == ("2022-02", "2022-01", "2022-02")
    assert found["total"]["n"] == 12
    assert found["hidden"] == ["2022-03"]
    text = run(filling, first="2022-02").output
    assert "Bedt om: februar–mars 2022. Vist: januar–februar 2022, fordi" in text
    assert "Mars 2022: skjult for å beskytte de besøkende." in text


def test_a_share_of_few_satisfied_is_hidden(filling: Filling) -> None:
    filling.month(filling.terminal("Stua"), "2022-01", (8, 0, 4, 5))
    assert as_json(filling)["total"]["very_satisfied_of_satisfied"] is None
    assert "hidden to protect visitors" in run(filling, "--lang", "en").output


def test_nothing_shown_is_said_without_a_figure(filling: Filling) -> None:
    filling.month(filling.terminal("Stua"), "2022-02", (1, 2, 3, 3))
    found = as_json(filling)
    assert (found["from"], found["to"], found["total"], found["blocks"]) == (None, None, None, [])
    assert found["hidden"] == ["2022-01", "2022-02", "2022-03"]
    result = run(filling)
    assert result.exit_code == 0
    assert "Ingenting kan vises: skjult for å beskytte de besøkende." in result.output
    assert "9" not in result.output
    assert as_json(filling, "--threshold", "9")["total"]["n"] == 9


def test_months_that_are_not_over_are_called_so(sample: Filling) -> None:
    text = run(sample, "--lang", "en", last="2090-01").output
    assert "January 2090: not over yet." in text.replace("–January", " January")


def test_sites_are_summed_and_one_without_figures_is_named(sample: Filling) -> None:
    sample.month(sample.terminal("Kafé", "Annet sted"), "2022-02", (0, 0, 0, 20))
    sample.terminal("Bod", "Tomt sted")
    found = as_json(sample)
    assert found["total"]["n"] == 249
    assert found["missing"] == {
        "Annet sted": ["2022-01", "2022-03"],
        "Tomt sted": ["2022-01", "2022-02", "2022-03"],
    }
    text = run(sample, "--lang", "en").output
    assert "Tomt sted is left out: it has no figure that may be shown." in text
    assert "Annet sted is left out of January 2022, March 2022." in text
    assert as_json(sample, "--site", "Pro Sentret")["total"]["n"] == 229


def test_simulated_ratings_are_called_so(filling: Filling) -> None:
    filling.month(filling.terminal("Demo", simulated=True), "2022-01", (0, 0, 0, 20))
    assert as_json(filling)["simulated"] is True
    assert "These are simulated ratings" in run(filling, "--lang", "en").output


def test_a_spreadsheet_gets_the_same_figures(sample: Filling) -> None:
    rows = list(csv.DictReader(io.StringIO(run(sample, "--format", "csv", last="2022-04").output)))
    assert [(row["row"], row["from"], row["n"]) for row in rows] == [
        ("block", "2022-01", "115"),
        ("block", "2022-02", "45"),
        ("block", "2022-03", "69"),
        ("total", "2022-01", "229"),
        ("hidden", "2022-04", ""),
    ]
    total = as_json(sample)["total"]
    assert float(rows[3]["satisfied_percent"]) == total["satisfied"]["percent"]
    assert float(rows[3]["very_satisfied_of_satisfied_high"]) == total["very_satisfied_of_satisfied"]["high"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2022-03", "--to", "2022-01"], "turn the two round"),
        (["--from", "march", "--to", "2022-03"], "'march' is not a month: write it as 2020-09"),
        (["--from", "2022-13", "--to", "2023-01"], "2022-13"),
        (["--from", "1001-01", "--to", "2023-01"], "more than 100 years"),
        (["--terminal", "Gangen"], "there is no terminal 'Gangen'; there are: Stua"),
        (["--site", "Hjemme"], "there is no site 'Hjemme'; there are: Pro Sentret"),
        (["--question", "mood"], "'mood'; there are of: visit"),
        (["--threshold", "4"], "--threshold"),
    ],
)
def test_what_is_asked_wrongly_is_answered_in_words(sqlite: Filling, arguments: list[str], said: str) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-01", (0, 0, 0, 20))
    result = run(sqlite, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "fjes.db"
    result = CliRunner().invoke(
        main, ["report", "--from", "2022-01", "--to", "2022-03", "--database", f"sqlite:///{missing}"]
    )
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert "there is no such database" in result.output
    assert not missing.exists()


def test_a_database_without_a_terminal_is_said_to_be_empty(sqlite: Filling) -> None:
    result = run(sqlite)
    assert result.exit_code == 2
    assert "no terminal yet" in result.output


def test_reading_a_range_refuses_what_is_no_range() -> None:
    with pytest.raises(places.AskedError):
        reports.months_between("2022-01-01", "2022-03")
