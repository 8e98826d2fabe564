"""The tour of `docs/tour.md`, walked again: the pages show what was put in, and the document says what they say."""

from functools import cache

import pytest
from PIL import Image
from playwright.sync_api import Browser

from dashboard.happyornot import Hour
from fjes import simulated
from ratings import period as periods
from ratings.scale import ZERO, Counts, add
from tests import tour, tour_running
from tests.pictures import Camera
from tests.tour_step import NOW, SITE, Step

MOST_BYTES = 1_500_000
"""Of all pictures together."""


@pytest.fixture(scope="module")
def steps(browser: Browser) -> dict[str, Step]:
    """The steps by their titles, in order."""
    with tour.demo() as address:
        return {step.title: step for step in tour.walk(browser, address, Camera(None))}


def counted(*, months: str | None = None, weekday_and_hour: tuple[int, int] | None = None) -> Counts:
    """What the site's visitors answered, of some months (`2020-09/2020-12`) or hours; not through any page."""
    first, last = [periods.parse_month(month) for month in (months or "2020-01/2020-12").split("/")]
    return add(
        ZERO,
        *(
            counts
            for hour, counts in hours()
            if first.first <= hour.day <= last.last
            and not hour.repeat
            and weekday_and_hour in (None, (hour.day.isoweekday(), hour.hour))
        ),
    )


@cache
def hours() -> list[tuple[Hour, Counts]]:
    """What the site's terminals counted hour by hour."""
    there = [place for place in simulated.PLACES if place.site == SITE]
    found = [simulated.counted(place, NOW.date(), seed=1, with_today=False) for place in there]
    return [each for terminal in found for each in terminal.hours.items()]


def percent(counts: Counts) -> float:
    return 100 * sum(counts[2:]) / sum(counts)


def test_last_month_is_what_visitors_answered(steps: dict[str, Step]) -> None:
    december = counted(months="2020-12/2020-12")
    satisfied = sum(december[2:])
    assert steps["Read last month"].said == {
        "month": "December 2020",
        "satisfied": f"{percent(december):.0f}%",
        "base": f"{satisfied} of {sum(december)} ratings",
        "very": f"{100 * december[3] / sum(december):.0f}%",
        "among": f"{100 * december[3] / satisfied:.0f}%",
    }


def test_last_year_and_the_dip_are_what_visitors_answered(steps: dict[str, Step]) -> None:
    by_month = {month: percent(counted(months=f"2020-{month:02}/2020-{month:02}")) for month in range(1, 13)}
    worst = min(by_month, key=lambda month: by_month[month])
    assert steps["Compare with last year"].said == {
        "against": f"Against December 2019 ({percent(counted(months='2019-12/2019-12')):.0f}%)",
        # 90 % both: whatever is called a change is not one.
        "change": "no clear change",
        "dip": {7: "July 2020", 8: "August 2020"}[worst],
        "dip share": f"{by_month[worst]:.1f}%",
    }


def test_the_worst_hour_is_the_one_in_which_visitors_were_least_satisfied(steps: dict[str, Step]) -> None:
    shares = {
        (day, hour): percent(counted(weekday_and_hour=(day, hour))) for day in range(1, 6) for hour in range(10, 16)
    }
    assert min(shares, key=lambda each: shares[each]) == simulated.WORST == (1, 10)
    step = 5 * int(shares[1, 10] // 5)
    finding = steps["Find the worst hour"].said["finding"]
    assert finding.startswith(f"Lowest: Monday 10:00–11:00, {step}–{step + 5}% satisfied.")
    assert steps["On the way home"].said["finding"].startswith(f"Lavest: mandag kl. 10–11, {step}–{step + 5} %")


def test_visits_that_were_entered_make_a_response_rate(steps: dict[str, Step]) -> None:
    n = sum(counted(months="2020-12/2020-12"))
    rate = f"Response rate: {n} of {tour.VISITS} visits answered, {100 * n / int(tour.VISITS):.0f}%."
    assert steps["Say how many came"].said["response"].startswith(rate)


def test_the_annual_reports_sentence_is_on_the_page_in_the_pdf_and_in_print(steps: dict[str, Step]) -> None:
    a, b, c, d = autumn = counted(months="2020-09/2020-12")
    en = (
        f"{SITE}, September–December 2020: {percent(autumn):.0f}% are satisfied; {100 * d / sum(autumn):.0f}% are"
        f" very satisfied. Both are shares of all {a + b + c + d:,} ratings."
        f" Of the {c + d:,} who are satisfied, {100 * d / (c + d):.0f}% are very satisfied."
    )
    said = steps["Make the annual report’s page"].said
    assert said["en"] == en
    assert said["nb"].startswith(f"{SITE}, september–desember 2020: {percent(autumn):.0f} % er fornøyd;")
    for sheet in steps["Print it"].said.values():
        assert sheet.count("\f") == 1, "it is one sheet of paper"
        for sentence in said.values():
            assert in_column(sentence, sheet)


def in_column(sentence: str, sheet: str) -> bool:
    """Whether a sheet has the words of a sentence one after the other, between words of what stands beside it."""
    words = iter(sheet.split())
    return all(word in words for word in sentence.split())


@pytest.fixture(scope="module")
def running(browser: Browser) -> dict[str, Step]:
    """The steps of the second part."""
    with tour_running.demo() as (address, password):
        return {step.title: step for step in tour_running.walk(browser, address, password, Camera(None))}


def test_whoever_runs_it_comes_from_the_first_sign_in_to_a_backup_that_is_back(running: dict[str, Step]) -> None:
    told = {name: text for step in running.values() for name, text in step.said.items()}
    assert told["told"].startswith("The password that you were given is for once.")
    assert "Silent since" in told["troubled"]
    assert told["id"] == told["user"] == tour_running.NEWCOMER.lower()
    assert told["stored"].startswith("Stored.")
    assert told["planned"] == "From February 2021"
    assert told["comment"] == tour_running.COMMENT
    assert told["done"].startswith("Put back as it was on 2021-01-11 02:00 UTC.")


def test_the_document_says_what_the_pages_say_today(steps: dict[str, Step], running: dict[str, Step]) -> None:
    assert tour.TEXT.read_text("utf-8") == tour.written([*steps.values()], [*running.values()]), (
        "run `make tour`, and look at docs/tour.md"
    )


def test_the_document_has_its_pictures_and_no_other(steps: dict[str, Step], running: dict[str, Step]) -> None:
    named = sorted(f"{name}.png" for step in [*steps.values(), *running.values()] for name in step.pictures)
    there = sorted(tour.PICTURES.iterdir())
    assert [each.name for each in there] == named
    assert sum(each.stat().st_size for each in there) < MOST_BYTES
    for each in there:
        with Image.open(each) as picture:
            assert picture.width > 300
            assert len(picture.convert("RGB").getcolors(256) or []) > 10, f"{each.name} is empty"
