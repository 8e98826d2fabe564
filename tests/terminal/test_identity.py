"""Which board and which card this is: read from files that makers, kernel and systemd keep; unknown proves nothing."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ratings.config import Release
from terminal.identity import UNKNOWN, Identity, Places, digest, read
from terminal.ledger import Ledger
from tests.terminal.conftest import EPOCH, OSLO

CARD = "9f54495553444333324701eb6b017501"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A board with a card, as the kernel shows them; the card holds the test's own folder."""
    sys = tmp_path / "sys"
    disk = sys / "devices" / "mmcblk0"
    (disk / "mmcblk0p2").mkdir(parents=True)
    (disk / "device").mkdir()
    (disk / "device" / "cid").write_text(CARD + "\n")
    number = tmp_path.stat().st_dev
    (sys / "block").mkdir()
    (sys / "block" / f"{os.major(number)}:{os.minor(number)}").symlink_to(disk / "mmcblk0p2")
    (tmp_path / "serial-number").write_bytes(b"100000006f3c2d1e\0")
    (tmp_path / "by-uuid").mkdir()
    (tmp_path / "by-uuid" / "0b1c-22ff").symlink_to(disk / "mmcblk0p2")
    boards = (tmp_path / "serial-number", tmp_path / "product_uuid")
    return Places(boards, sys / "block", tmp_path / "by-uuid")


def test_board_and_card_are_what_their_makers_wrote(places: Places, tmp_path: Path) -> None:
    assert read(tmp_path, places) == Identity("100000006f3c2d1e", CARD)
    assert read(tmp_path / "not" / "there yet", places).card == CARD


def test_a_pc_has_the_identity_of_its_mainboard(places: Places, tmp_path: Path) -> None:
    (tmp_path / "serial-number").unlink()
    (tmp_path / "product_uuid").write_text("4c4c4544-0042-3510-8052-b4c04f564331\n")
    assert read(tmp_path, places).board == "4c4c4544-0042-3510-8052-b4c04f564331"


def test_a_disk_without_a_cards_number_has_its_serial_or_its_file_systems(places: Places, tmp_path: Path) -> None:
    device = tmp_path / "sys" / "devices" / "mmcblk0" / "device"
    (device / "cid").rename(device / "serial")
    assert read(tmp_path, places).card == CARD
    (device / "serial").unlink()
    assert read(tmp_path, places).card == "0b1c-22ff"


@pytest.mark.parametrize("nothing", ["", "0000000000000000\0", "00000000-0000-0000-0000-000000000000\n"])
def test_what_says_nothing_is_unknown(places: Places, tmp_path: Path, nothing: str) -> None:
    (tmp_path / "serial-number").write_text(nothing)
    assert read(tmp_path, places).board is None


def test_where_nothing_can_be_read_everything_is_unknown(tmp_path: Path) -> None:
    assert read(tmp_path, Places((tmp_path / "no",), tmp_path / "no", tmp_path / "no")) == UNKNOWN
    read(tmp_path)  # Of this machine, whatever it tells.


def open_as(folder: Path, owner: Identity, zone: ZoneInfo = OSLO) -> tuple[str, bytes]:
    """Open and close a store; its epoch then, and what its file holds."""
    ledger = Ledger.open(folder, Release(), zone, ["nb"], epoch=None if folder.exists() else EPOCH, owner=owner)
    epoch = ledger.epoch
    ledger.close()
    return epoch, (folder / "open.db").read_bytes()


def test_another_board_or_another_card_begins_a_new_epoch_and_the_same_ones_none(tmp_path: Path) -> None:
    card = tmp_path / "card"
    assert open_as(card, Identity("board", "card"))[0] == EPOCH
    assert open_as(card, Identity("board", "card"))[0] == EPOCH
    moved = open_as(card, Identity("another board", "card"))[0]
    assert moved != EPOCH
    copied = open_as(card, Identity("another board", "another card"))[0]
    assert copied not in (EPOCH, moved)
    assert open_as(card, Identity("another board", "another card"))[0] == copied


def test_what_is_unknown_begins_no_epoch_and_is_taken_down_when_it_is_known(tmp_path: Path) -> None:
    card = tmp_path / "card"
    open_as(card, UNKNOWN)
    assert open_as(card, Identity("board", None))[0] == EPOCH
    assert open_as(card, UNKNOWN)[0] == EPOCH
    assert open_as(card, Identity("board", "card"))[0] == EPOCH
    assert open_as(card, Identity("another", None))[0] != EPOCH


def test_another_id_in_its_file_begins_a_new_epoch(tmp_path: Path) -> None:
    """It was moved to another site: what was counted so far must not be of both."""
    card = tmp_path / "card"
    assert open_as(card, Identity("board", "card", "stua"))[0] == EPOCH
    assert open_as(card, UNKNOWN)[0] == EPOCH
    moved = open_as(card, Identity("board", "card", "lageret"))[0]
    assert moved != EPOCH
    assert open_as(card, Identity("board", "card", "lageret"))[0] == moved
    assert read(tmp_path, terminal="stua").terminal == "stua"


def test_a_new_time_zone_keeps_the_identity(tmp_path: Path) -> None:
    card = tmp_path / "card"
    open_as(card, Identity("board", "card"))
    there = open_as(card, Identity("board", "card"), ZoneInfo("America/Bogota"))[0]
    assert there != EPOCH
    assert open_as(card, Identity("board", "card"), ZoneInfo("America/Bogota"))[0] == there
    assert open_as(card, Identity("board", "another"), ZoneInfo("America/Bogota"))[0] != there


def test_the_store_holds_no_serial_number_but_a_hash_that_differs_from_store_to_store(tmp_path: Path) -> None:
    _, held = open_as(tmp_path / "card", Identity("100000006f3c2d1e", CARD))
    assert b"100000006f3c2d1e" not in held
    assert CARD.encode() not in held
    assert digest(CARD, EPOCH).encode() in held
    assert digest(CARD, EPOCH) != digest(CARD, "another")
