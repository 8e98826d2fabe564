"""The reader of HappyOrNot's files: each format, each kind of damage, and no word of what stood there."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.happyornot import Format, FormatError, Hour, Reading, read

LATEST = date(2025, 1, 2)
SECRET = "Kari was rude to me"


def raw(ts: Any = "2022-01-31T10:15:00.568-06:00", r: Any = 3, **more: Any) -> dict[str, Any]:
    return {"ts": ts, "r": r, **more}


def feedback(**changes: Any) -> dict[str, Any]:
    element = {
        "feedbackId": str(uuid.uuid4()),
        "smileyId": 4711,
        "localTime": "2024-03-31T02:30:00",
        "surveyId": 77,
        "experiencePointId": 12,
        "buttonIndex": 2,
        "misuse": False,
        "position": 0,
        "ui": "physical",
        "smileyType": "SMILEY_TERMINAL",
    }
    return {key: value for key, value in (element | changes).items() if value is not ...}


def as_json(*elements: Any) -> bytes:
    return json.dumps(elements).encode()


def as_csv(*rows: dict[str, Any], separator: str = ",", **options: Any) -> bytes:
    opened = io.StringIO(newline="")
    writer = csv.DictWriter(opened, list(rows[0]), delimiter=separator, **options)
    writer.writeheader()
    for row in rows:
        writer.writerow({key: json.dumps(value) if isinstance(value, bool) else value for key, value in row.items()})
    return opened.getvalue().encode()


def scores(reading: Reading) -> list[int]:
    return [sum(each) for each in zip(*reading.hours.values(), strict=True)]


def reasons(reading: Reading) -> dict[int, str]:
    return {each.number: each.reason for each in reading.refused}


def test_raw_results_are_counted_in_the_hour_of_their_own_offset() -> None:
    reading = read(
        as_json(raw(r=3), raw(r=0, spam=False), raw("2022-01-31T23:59:59+0100", 1, text=SECRET, relevance=0.5)), LATEST
    )
    assert reading.format is Format.RAW
    assert reading.hours == {
        Hour("", date(2022, 1, 31), 10, False): (1, 0, 0, 1),
        Hour("", date(2022, 1, 31), 23, False): (0, 1, 0, 0),
    }
    assert not reading.refused


@pytest.mark.parametrize(
    "ts",
    [
        "2022-01-31T23:30:00Z",
        "2022-01-31T23:30:00+14:00",
        "2022-01-31T23:30:00.123456789-0930",
        "2022-01-31 23:30+00:00",
        "2022-01-31T23:30:00,5Z",
    ],
)
def test_times_with_an_offset_are_read_in_every_usual_way(ts: str) -> None:
    assert read(as_json(raw(ts)), LATEST).hours == {Hour("", date(2022, 1, 31), 23, False): (0, 0, 0, 1)}


def test_spam_and_misuse_are_set_aside() -> None:
    spam = read(as_json(raw(spam=True), raw(spam=False), raw(spam=None)), LATEST)
    assert {hour.repeat: sum(counts) for hour, counts in spam.hours.items()} == {True: 1, False: 2}
    misuse = read(as_json(feedback(misuse=True), feedback()), LATEST)
    assert {hour.repeat: sum(counts) for hour, counts in misuse.hours.items()} == {True: 1, False: 1}


def test_feedbacks_are_counted_by_experience_point_in_their_local_time() -> None:
    reading = read(as_json(feedback(), feedback(experiencePointId=13, buttonIndex=0, ui=..., surveyId=78)), LATEST)
    assert reading.format is Format.FEEDBACKS
    assert reading.hours == {
        Hour("12", date(2024, 3, 31), 2, False): (0, 0, 1, 0),
        Hour("13", date(2024, 3, 31), 2, False): (1, 0, 0, 0),
    }
    assert reading.surveys == 2


@pytest.mark.parametrize("time", ["2024-03-31T02:30", "2024-03-31 02:30:00.123", "2024-03-31T02:30:00+01:00"])
def test_local_times_are_read_with_and_without_seconds_and_offset(time: str) -> None:
    assert read(as_json(feedback(localTime=time)), LATEST).hours == {
        Hour("12", date(2024, 3, 31), 2, False): (0, 0, 1, 0)
    }


def test_the_same_feedback_twice_in_a_file_counts_once() -> None:
    one = feedback()
    again = feedback(feedbackId=one["feedbackId"].upper(), buttonIndex=0)
    reading = read(as_json(one, feedback(), again), LATEST)
    assert (scores(reading), reading.doubled) == ([0, 0, 2, 0], 1)


def test_a_refused_feedback_does_not_hide_a_good_one_of_the_same_id() -> None:
    one = feedback()
    reading = read(as_json({**one, "localTime": "2099-01-01T00:00:00"}, one), LATEST)
    assert (reading.n, reading.doubled, list(reasons(reading))) == (1, 0, [1])


NO_TIME = "ts is not an ISO time with its offset"
NO_SCORE = "r is not a whole number from 0 to 3"


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (raw(r=4), NO_SCORE),
        (raw(r=-1), NO_SCORE),
        (raw(r="3"), NO_SCORE),
        (raw(r=True), NO_SCORE),
        (raw(r=2.0), NO_SCORE),
        (raw(r=None), NO_SCORE),
        (raw(r=[[3]]), NO_SCORE),
        (raw(r=10**400), NO_SCORE),
        ({"ts": "2022-01-01T10:00:00Z"}, "r is missing"),
        ({"r": 3}, "ts is missing"),
        (raw("2022-01-01T10:00:00"), NO_TIME),
        (raw("2022-01-01T10:00:00Z\n"), NO_TIME),
        (raw("2022-01-01T25:00:00Z"), NO_TIME),
        (raw("2022-01-01T10:61:00Z"), NO_TIME),
        (raw("2022-01-01T10:00:00+25:00"), NO_TIME),
        (raw("٢٠٢٢-01-01T10:00:00Z"), NO_TIME),
        (raw("2022-W01-1T10:00:00Z"), NO_TIME),
        (raw(1640995200), NO_TIME),
        (raw(SECRET), NO_TIME),
        (raw("2022-02-29T10:00:00Z"), "its day does not exist"),
        (raw("0001-01-01T00:00:00+14:00"), "before 2000"),
        (raw("0000-01-01T00:00:00Z"), "its day does not exist"),
        (raw("1970-01-01T00:00:00Z"), "before 2000"),
        (raw("2025-01-03T00:00:00Z"), "in the future"),
        (raw("9999-12-31T23:59:59-12:00"), "in the future"),
        (raw(spam="yes"), "spam is not true or false"),
        (raw(spam=1), "spam is not true or false"),
        ([], "is not an object"),
        ([[[[SECRET]]]], "is not an object"),
        (None, "is not an object"),
        (SECRET, "is not an object"),
        ({}, "ts is missing"),
        ({SECRET: {SECRET: [SECRET]}}, "ts is missing"),
    ],
)
def test_a_damaged_raw_result_is_refused_by_number_and_reason_and_the_rest_is_counted(
    element: Any, reason: str
) -> None:
    reading = read(as_json(raw(), element, raw(r=0)), LATEST)
    assert scores(reading) == [1, 0, 0, 1]
    assert list(reasons(reading)) == [2]
    assert reason in reasons(reading)[2]
    assert SECRET not in reasons(reading)[2]


BAD_FEEDBACKS: list[tuple[dict[str, Any], str]] = [
    ({"feedbackId": ...}, "feedbackId is missing"),
    ({"localTime": ...}, "localTime is missing"),
    ({"experiencePointId": ...}, "experiencePointId is missing"),
    ({"buttonIndex": ...}, "buttonIndex is missing"),
    ({"misuse": ...}, "misuse is missing"),
    ({"feedbackId": SECRET}, "feedbackId is not a UUID"),
    ({"feedbackId": ""}, "feedbackId is not a UUID"),
    ({"localTime": SECRET}, "localTime is not"),
    ({"localTime": "2024-03-31"}, "localTime is not"),
    ({"localTime": "2024-02-30T10:00:00"}, "its day does not exist"),
    ({"localTime": "2025-01-03T00:00:00"}, "in the future"),
    ({"experiencePointId": SECRET}, "experiencePointId is not a number"),
    ({"experiencePointId": -1}, "experiencePointId is not a number"),
    ({"buttonIndex": 4}, "buttonIndex is not a whole number from 0 to 3"),
    ({"buttonIndex": "x"}, "buttonIndex is not a whole number from 0 to 3"),
    ({"buttonIndex": ""}, "buttonIndex is not a whole number from 0 to 3"),
    ({"misuse": "perhaps"}, "misuse is not true or false"),
    ({"misuse": ""}, "misuse is not true or false"),
]


@pytest.mark.parametrize(("changes", "reason"), BAD_FEEDBACKS)
def test_a_damaged_feedback_is_refused_by_number_and_reason(changes: dict[str, Any], reason: str) -> None:
    reading = read(as_json(feedback(), feedback(), feedback(**changes), feedback()), LATEST)
    assert (reading.unit, reading.n) == ("element", 3)
    assert list(reasons(reading)) == [3]
    assert reason in reasons(reading)[3]
    assert SECRET not in reasons(reading)[3]


@pytest.mark.parametrize(("changes", "reason"), [each for each in BAD_FEEDBACKS if ... not in each[0].values()])
def test_a_damaged_line_is_refused_by_its_number_in_the_file(changes: dict[str, Any], reason: str) -> None:
    if changes.get("experiencePointId") == -1:
        changes = {"experiencePointId": "-1 "}
    reading = read(as_csv(feedback(), feedback(**changes), feedback()), LATEST)
    assert (reading.unit, reading.n) == ("line", 2)
    assert list(reasons(reading)) == [3]
    assert reason in reasons(reading)[3]


@pytest.mark.parametrize(
    "separator", [",", ";", "\t", "|", " ", "^", ":", "-", "I", "e", "0", ".", "'", "\x1f", "¦", "😀"]
)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_csv_is_read_with_any_separator(separator: str, quoting: Any) -> None:
    rows = [feedback(buttonIndex=at % 4, experiencePointId=at % 2, misuse=at == 9) for at in range(10)]
    assert read(as_csv(*rows, separator=separator, quoting=quoting), LATEST).hours == read(as_json(*rows), LATEST).hours


@given(st.permutations(list(feedback())), st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n\n"]), st.booleans())
def test_columns_may_stand_in_any_order_behind_a_byte_order_mark(order: list[str], start: bytes, unix: bool) -> None:
    rows = [{key: feedback()[key] for key in order} | {"extra": 'a, "quoted"\nnote'} for _ in range(3)]
    reading = read(start + as_csv(*rows, lineterminator="\n" if unix else "\r\n"), LATEST)
    assert (reading.n, reading.refused) == (3, [])


def test_behind_a_damaged_line_reading_goes_on() -> None:
    lines = as_csv(*(feedback(ui=f'"{at}') for at in range(6))).decode().splitlines()
    lines[2] = lines[2].replace('"""2"', '"2').replace('"""1"', '"1')  # a quote that is never closed
    lines[4] += ",one too many"
    lines[5] = ""
    lines[6] = "nonsense"
    reading = read("\n".join(lines).encode(), LATEST)
    assert reading.n == 2
    assert list(reasons(reading)) == [3, 5, 7]
    assert "quotes" in reasons(reading)[3]
    assert reasons(reading)[5] == "has 11 fields, the first line has 10"
    assert reasons(reading)[7] == "has 1 fields, the first line has 10"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (as_json(raw(), raw())[:-1], "breaks off or is damaged"),
        (as_json(raw(), raw())[:40], "breaks off or is damaged"),
        (as_json(raw()) + b"]", "breaks off or is damaged"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"ts": ' + b"[" * 100_000, "nested too deeply"),
        (json.dumps([raw()]).encode("utf-16"), "UTF-16"),
        (as_csv(feedback()).decode().encode("utf-16"), "UTF-16"),
        (json.dumps([raw(text="på")], ensure_ascii=False).encode("latin-1"), "not UTF-8"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8"),
        (json.dumps({"feedbacks": [feedback()]}).encode(), "not an array"),
        (b"[1, 2, 3]", "none of its elements is a rating"),
        (as_json({"text": SECRET}), "none of its elements is a rating"),
        (SECRET.encode(), "neither a JSON array nor CSV"),
        (b"ts,r\n2022-01-01T10:00:00Z,3\n", "neither a JSON array nor CSV"),
        (as_csv(feedback(buttonIndex=..., misuse=...)), "has no column buttonIndex, misuse"),
        (b"feedbackId,feedbackId," + as_csv(feedback())[11:], "feedbackId more than once"),
    ],
)
def test_what_is_no_known_format_is_refused_saying_what_is_expected(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match="expected HappyOrNot's raw results") as caught:
        read(data, LATEST)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_empty_array_and_a_lone_line_of_names_hold_no_ratings() -> None:
    assert read(b" [ ]\n", LATEST) == Reading(Format.NONE, "element")
    assert read(as_csv(feedback()).splitlines()[0], LATEST) == Reading(Format.FEEDBACKS, "line")


@pytest.mark.parametrize("text", [r'"\ud800"', "NaN", "1e999", '"' + "x" * 200_000 + '"'])
def test_a_text_that_no_strict_reader_takes_does_no_harm(text: str) -> None:
    data = f'[{{"ts": "2022-01-01T10:00:00Z", "r": 1, "text": {text}}}, {{"ts": "2022-01-01T10:00:00Z", "r": 4}}]'
    reading = read(data.encode(), LATEST)
    assert (reading.n, list(reasons(reading))) == (1, [2])


def test_elements_of_the_other_format_are_refused_in_a_mixed_array() -> None:
    reading = read(as_json(raw(), feedback(), raw()), LATEST)
    assert (reading.format, reading.n, reasons(reading)) == (Format.RAW, 2, {2: "ts is missing"})


@given(
    st.lists(
        st.builds(
            raw,
            st.builds(
                "{}T{:%H:%M:%S}{}".format,
                st.dates(date(2000, 1, 1), LATEST),
                st.times(),
                st.sampled_from(["Z", "+01:00", "-0930", "+14:00"]),
            ),
            st.integers(0, 3),
            spam=st.sampled_from([True, False, None]),
        ),
        min_size=1,
    )
)
def test_every_valid_rating_is_counted_where_its_own_text_says(elements: list[dict[str, Any]]) -> None:
    reading = read(as_json(*elements), LATEST)
    counted = Counter(
        {
            (hour.day.isoformat(), hour.hour, hour.repeat, score): n
            for hour, counts in reading.hours.items()
            for score, n in enumerate(counts)
            if n
        }
    )
    assert counted == Counter(
        (each["ts"][:10], int(each["ts"][11:13]), bool(each["spam"]), each["r"]) for each in elements
    )
    # One damaged element sends all of them down the slower path: nothing else changes.
    slower = read(as_json(*elements, raw(r=9)), LATEST)
    assert slower.hours == reading.hours
    assert list(reasons(slower)) == [len(elements) + 1]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["ts", "r", "spam", "feedbackId", "misuse", "buttonIndex"]), inner)
        ),
    )
)
def test_no_garbage_makes_it_stumble(garbage: Any) -> None:
    reading = read(as_json(raw(), garbage, raw()), LATEST)
    assert (reading.n, list(reasons(reading))) == (2, [2])


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    for start in (b"", b"[", b"feedbackId,localTime,experiencePointId,buttonIndex,misuse\n"):
        try:
            read(start + data, LATEST)
        except FormatError as error:
            assert "expected HappyOrNot's" in str(error)  # noqa: PT017


def test_progress_is_told_to_its_end() -> None:
    told: list[tuple[int, int]] = []
    read(as_json(*[raw()] * 25_000), LATEST, lambda done, total: told.append((done, total)))
    assert told == [(10_000, 25_000), (20_000, 25_000), (25_000, 25_000)]
