"""What OpenAPI says of the interface is true: schemathesis tries it on the real application, and finds every lie."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
import pytest
import schemathesis
from limits import parse
from schemathesis import engine as trying
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import events

from dashboard.accounts import attempts, tokens
from dashboard.accounts.access import Access
from dashboard.accounts.tokens import Use
from dashboard.api import asking, describing
from dashboard.api.shapes import ROWS
from dashboard.web import create_app
from ratings.config import Dashboard
from tests.dashboard.conftest import serving
from tests.dashboard.filling import Filling
from tests.dashboard.test_api import TODAY, fill

EXAMPLES = 12


@dataclass
class Tried:
    """What schemathesis found: `wrong`: check, and the request. `passed`: how often each check was content."""

    wrong: list[tuple[str, str]] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)


@pytest.fixture
def origin(filling: Filling, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the real application, with accounts, on a filled database of either kind."""
    # Schemathesis tries wrong tokens with each request: else all but the first would be told to wait.
    for name in ("HERE", "ADDRESS", "NAME"):
        monkeypatch.setattr(attempts, name, parse("1000000/minute"))
    engine = fill(filling).engine
    access = Access(engine, lambda: datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC))
    with serving(create_app(engine, Dashboard(), today=lambda: TODAY, access=access)) as address:
        yield address


@pytest.fixture
def word(filling: Filling) -> str:
    with filling.engine.begin() as connection:
        return tokens.add(connection, "Tests", Use.FIGURES, None, TODAY, TODAY)[1]


def description(origin: str) -> dict[str, Any]:
    with urlopen(f"{origin}/api/openapi.json") as answer:
        return dict(json.load(answer))


def tried(origin: str, word: str, described: dict[str, Any], examples: int = EXAMPLES) -> Tried:
    """Everything that is described, tried: wrong and right parameters, methods, with and without a token."""
    project = ProjectConfig(
        base_url=origin,
        headers={"Authorization": f"Bearer {word}"},
        generation=GenerationConfig(max_examples=examples, deterministic=True),
    )
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_dict(described, config=config)
    found = Tried()
    for event in trying.from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            found.statuses.update(each.response.status_code for each in recorder.interactions.values() if each.response)
            for id_, checks in recorder.checks.items():
                query = dict(recorder.cases[id_].value.query)
                for check in checks:
                    if check.failure_info is None:
                        found.passed[check.name] += 1
                    elif check.name != "positive_data_acceptance" or not contradicts(query):
                        found.wrong.append((check.name, f"{event.recorder.label} {query}"))
    return found


def contradicts(query: dict[str, str]) -> bool:
    """Whether parameters that are right by themselves are wrong together, or a day is none: no schema can say that."""
    ends = []
    for name in ("from", "to"):
        text = query.get(name)
        if text:
            try:
                ends.append(
                    date.fromisoformat(text if len(text) == 10 else f"{text}-{'01' if name == 'from' else '28'}")
                )
            except ValueError:
                return True
    return bool(ends and query.get("period")) or (len(ends) == 2 and ends[1] < ends[0])


def test_the_description_is_true(origin: str, word: str) -> None:
    found = tried(origin, word, description(origin))
    assert found.wrong == []
    # And it was not true because nothing was tried.
    for check in ("response_schema_conformance", "negative_data_rejection", "ignored_auth", "unsupported_method"):
        assert found.passed[check] > 50, check
    assert found.statuses[200] > 50
    assert found.statuses[400] > 50
    assert found.statuses.keys() <= {200, 400, 401, 404, 405}


def other_type(described: dict[str, Any]) -> None:
    described["components"]["schemas"]["MonthOf"]["properties"]["ratings"] = {"type": "string"}


def wider_range(described: dict[str, Any]) -> None:
    parameter(described, "limit")["maximum"] = 100_000


def narrower_range(described: dict[str, Any]) -> None:
    parameter(described, "limit")["maximum"] = 50


def status_that_is_not_said(described: dict[str, Any]) -> None:
    del months(described)["responses"]["400"]


def kind_of_answer_that_is_not_said(described: dict[str, Any]) -> None:
    del months(described)["responses"]["200"]["content"]["text/csv"]


def months(described: dict[str, Any]) -> Any:
    return described["paths"]["/api/v1/months"]["get"]


def parameter(described: dict[str, Any], name: str) -> Any:
    return next(each["schema"] for each in months(described)["parameters"] if each["name"] == name)


LIES: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (other_type, "response_schema_conformance"),
    (wider_range, "positive_data_acceptance"),
    (narrower_range, "negative_data_rejection"),
    (status_that_is_not_said, "status_code_conformance"),
    (kind_of_answer_that_is_not_said, "content_type_conformance"),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_description_that_lies_is_found(origin: str, word: str) -> None:
    for lie, check in LIES:
        described = description(origin)
        described["paths"] = {"/api/v1/months": described["paths"]["/api/v1/months"]}
        # Where parameters are wrong together, nothing is said of one of them.
        kept = [each for each in months(described)["parameters"] if each["name"] in ("limit", "format", "place")]
        months(described)["parameters"] = kept
        lie(described)
        assert check in {name for name, _ in tried(origin, word, described, 3).wrong}, lie.__name__


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_that_can_be_asked_is_described(origin: str) -> None:
    described = description(origin)
    assert described["openapi"] == "3.1.0"
    assert described["paths"].keys() == {f"/api/v1/{name}" for name in ROWS}
    for name, asked in asking.ASKED.items():
        said = [each["name"] for each in described["paths"][f"/api/v1/{name}"]["get"]["parameters"]]
        assert said == [each.encode_name for each in msgspec.structs.fields(asked)]


def test_the_manual_names_all_that_can_be_asked() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text("utf-8")
    for name, asked in asking.ASKED.items():
        assert re.search(rf"`(/api/v1/)?{name}`", text)
        for each in msgspec.structs.fields(asked):
            assert f"`{each.encode_name}`" in text
    for word in asking.WORDS:
        assert f"`{word}`" in text
    assert set(re.findall(r"^\| ([0-9]{3}) \|", text, re.MULTILINE)) == set(describing.PROBLEMS)


def test_where_nobody_signs_in_no_token_is_described(sqlite: Filling) -> None:
    described = create_app(sqlite.engine, Dashboard()).test_client().get("/api/openapi.json").json
    assert described is not None
    assert "security" not in described
    assert "401" not in described["paths"]["/api/v1/months"]["get"]["responses"]
