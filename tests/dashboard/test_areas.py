"""Areas: sites stand in a tree, in which nothing is twice, nothing goes round, and a mistake changes nothing."""

from __future__ import annotations

import contextlib

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard import areas, schema, store
from dashboard.areas import DEEPEST, AreaError
from dashboard.pages.asking import find, path_to
from dashboard.places import Area, tree
from dashboard.trouble import StoreError
from fjes.cli import main
from tests.dashboard.filling import Filling

SITES = ("Natthjemmet", "Pro Sentret", "Vest")


@pytest.fixture
def three(filling: Filling) -> Engine:
    for number, site in enumerate(SITES):
        filling.terminal(f"T{number}", site)
    return filling.engine


def shape(area: Area) -> object:
    return {each.name: shape(each) for each in area.areas} | {site.name: None for site in area.own_sites}


def grown(engine: Engine) -> Area:
    with store.reading(engine) as connection:
        return tree(connection)


def put(engine: Engine, path: str | None, *sites: str) -> None:
    with engine.begin() as connection:
        areas.put(connection, sites, path)


def test_a_site_is_put_into_an_area_which_is_made_with_those_above_it(three: Engine) -> None:
    put(three, "Oslo / Sentrum", "Pro Sentret", "Natthjemmet")
    put(three, "Oslo", "Vest")
    assert shape(grown(three)) == {
        "Oslo": {"Sentrum": {"Natthjemmet": None, "Pro Sentret": None}, "Vest": None},
    }
    assert [each.name for each in grown(three).sites] == list(SITES)


def test_a_site_is_in_one_area_at_most_and_in_none_again(three: Engine) -> None:
    put(three, "Oslo", *SITES)
    put(three, "Bergen", "Vest")
    assert shape(grown(three)) == {"Oslo": {"Natthjemmet": None, "Pro Sentret": None}, "Bergen": {"Vest": None}}
    put(three, None, "Vest")
    assert shape(grown(three)) == {"Oslo": {"Natthjemmet": None, "Pro Sentret": None}, "Vest": None}


def test_areas_come_by_name_and_are_found_by_their_address(three: Engine) -> None:
    put(three, "Østfold", "Vest")
    put(three, "Akershus / Asker", "Pro Sentret")
    top = grown(three)
    assert [each.name for each in top.areas] == ["Akershus", "Østfold"]
    asker = top.areas[0].areas[0]
    assert find(top, asker.key) == asker
    assert [each.name for each in path_to(asker.sites[0].terminals[0], top)] == [
        "", "Akershus", "Asker", "Pro Sentret", "T1",
    ]  # fmt: skip


def test_an_area_is_renamed_and_moved_with_all_that_is_in_it_and_keeps_its_address(three: Engine) -> None:
    put(three, "Sentrum / Gamlebyen", "Pro Sentret")
    put(three, "Oslo", "Vest")
    before = grown(three).areas[1]
    with three.begin() as connection:
        areas.move(connection, "Sentrum", "Oslo / Indre by")
    assert shape(grown(three)) == {
        "Oslo": {"Indre by": {"Gamlebyen": {"Pro Sentret": None}}, "Vest": None},
        "Natthjemmet": None,
    }
    assert before.name == "Sentrum"
    assert grown(three).areas[0].areas[0].id == before.id


def test_the_address_of_an_area_that_was_removed_is_never_given_to_another(three: Engine) -> None:
    put(three, "Oslo", "Vest")
    old = grown(three).areas[0].key
    put(three, None, "Vest")
    with three.begin() as connection:
        areas.remove(connection, "Oslo")
    put(three, "Bergen", "Vest")
    assert grown(three).areas[0].key != old


WRONG = [
    (lambda c: areas.put(c, ["Nord"], "Oslo"), "there is no site 'Nord'; there are: Natthjemmet, Pro Sentret, Vest"),
    (lambda c: areas.put(c, ["Vest"], ""), "the area '' is not allowed; allowed: names of 1 to 200 characters"),
    (lambda c: areas.put(c, ["Vest"], "Oslo / "), "is not allowed"),
    (lambda c: areas.put(c, ["Vest"], "A\nB"), "is not allowed"),
    (lambda c: areas.put(c, ["Vest"], "x" * 10_000), "is not allowed"),
    (lambda c: areas.put(c, ["Vest"], "/".join("abcdefg")), "no more than 6 areas may lie in each other"),
    (lambda c: areas.move(c, "Bergen", "Oslo"), "there is no area 'Bergen'; there are: Oslo, Oslo / Sentrum"),
    (lambda c: areas.move(c, "Oslo", "Oslo / Sentrum / Oslo"), "'Oslo' cannot be moved into itself"),
    (lambda c: areas.move(c, "Oslo", "Oslo / Oslo"), "'Oslo' cannot be moved into itself"),
    (lambda c: areas.move(c, "Oslo / Sentrum", "Oslo"), "there is already an area 'Oslo'"),
    (lambda c: areas.move(c, "Oslo", "Norge / Oslo"), "there is no area 'Norge'"),
    (lambda c: areas.remove(c, "Oslo"), "'Oslo' is not empty"),
    (lambda c: areas.remove(c, "Oslo / Sentrum"), "'Oslo / Sentrum' is not empty"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_what_cannot_be_is_said_and_changes_nothing(three: Engine, wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    put(three, "Oslo / Sentrum", "Vest")
    before = shape(grown(three))
    with pytest.raises(AreaError) as told, three.begin() as connection:
        wrong(connection)
    assert said in str(told.value)
    assert len(str(told.value)) < 600
    assert shape(grown(three)) == before


def test_areas_that_are_moved_are_no_deeper_than_those_that_are_made(three: Engine) -> None:
    put(three, "/".join("abcde"), "Vest")
    put(three, "x/y", "Pro Sentret")
    with pytest.raises(AreaError, match="no more than 6"), three.begin() as connection:
        areas.move(connection, "x", "a/b/c/d/e/x")
    with three.begin() as connection:
        areas.move(connection, "x", "a/b/c/d/x")


@pytest.mark.parametrize("parent", [None, 1])
def test_the_database_itself_keeps_names_apart_within_their_parent(three: Engine, parent: int | None) -> None:
    put(three, "Oslo", "Vest")
    row = {"name": "Oslo" if parent is None else "Sentrum", "parent": parent}
    with pytest.raises((SQLAlchemyError, StoreError)), three.begin() as connection:
        connection.execute(schema.area.insert(), [row, row] if parent else [row])


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(SITES), st.none() | paths),
    st.tuples(st.just("move"), paths, paths),
    st.tuples(st.just("remove"), paths, st.none()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(steps, max_size=12))
def test_whatever_is_done_every_site_is_in_the_tree_once(
    sqlite: Filling, some: list[tuple[str, str, str | None]]
) -> None:
    sqlite.empty()
    for number, site in enumerate(SITES):
        sqlite.terminal(f"T{number}", site)
    for what, one, other in some:
        with contextlib.suppress(AreaError), sqlite.engine.begin() as connection:
            if what == "put":
                areas.put(connection, [one], other)
            elif what == "move":
                areas.move(connection, one, str(other))
            else:
                areas.remove(connection, one)
    top = grown(sqlite.engine)
    assert [each.name for each in top.sites] == list(SITES)
    everywhere = [site.name for area in (top, *top.all_areas) for site in area.own_sites]
    assert sorted(everywhere) == list(SITES)
    with store.reading(sqlite.engine) as connection:
        paths_now = [branch.path for branch in areas.listing(connection)]
    assert len(set(paths_now)) == len(paths_now)
    assert all(len(each) <= DEEPEST for each in paths_now)


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["dashboard", "area", *arguments, "--database", url])


def test_the_commands_arrange_and_show_the_tree(sqlite: Filling) -> None:
    for number, site in enumerate(SITES):
        sqlite.terminal(f"T{number}", site)
    url = str(sqlite.engine.url)
    assert "There is no area" in run(url, "list").output
    assert run(url, "put", "Pro Sentret", "Natthjemmet", "--in", "Oslo/Sentrum").output == (
        "Pro Sentret, Natthjemmet: in Oslo / Sentrum from now on.\n"
    )
    assert run(url, "move", "Oslo / Sentrum", "Oslo / Indre by").exit_code == 0
    assert run(url, "list").output.splitlines() == [
        "Oslo (no site)", "  Indre by", "    - Natthjemmet", "    - Pro Sentret", "- Vest",
    ]  # fmt: skip
    assert run(url, "put", "Pro Sentret", "Natthjemmet").output.endswith("in no area from now on.\n")
    assert run(url, "remove", "Oslo / Indre by").exit_code == 0
    assert run(url, "remove", "Oslo").exit_code == 0
    assert "- Pro Sentret" in run(url, "list").output


def test_a_command_that_cannot_be_done_ends_with_one_line(sqlite: Filling) -> None:
    sqlite.terminal("T", "Vest")
    for arguments, said in (
        (("put", "Nord", "--in", "Oslo"), "Error: there is no site 'Nord'; there are: Vest"),
        (("remove", "Oslo"), "Error: there is no area 'Oslo'; there are: none"),
    ):
        result = run(str(sqlite.engine.url), *arguments)
        assert result.exit_code == 1
        assert result.output.strip() == said
