"""How the card is cut, and what lies where: made by the real tools, without mounting or booting."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from image import card
from image.machine import Card
from image.places import run


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card of a tree with next to nothing in it."""
    folder = tmp_path_factory.mktemp("card")
    tree = folder / "tree"
    for name, content in (
        ("boot/vmlinuz", b"kernel"),
        ("boot/initrd.img", b"initrd"),
        ("boot/bcm2711-rpi-4-b.dtb", b"4"),
    ):
        _written(tree / "usr/lib/fjes" / name, content)
    _written(tree / "usr/lib/fjes/board/usr/lib/raspi-firmware/start4.elf", b"start")
    _written(tree / "usr/share/doc/x/copyright", b"free")
    squashfs, out = folder / "root.squashfs", folder / "card.img"
    card.squashed(tree, squashfs, ("usr/share/doc",))
    card.card(tree, squashfs, out)
    return out


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_partitions_follow_each_other_without_gap_or_overlap() -> None:
    cut = card.partitions()
    assert [part.number for part in cut] == [1, 2, 3, 4]
    for one, following in pairwise(cut):
        assert one.first + one.size == following.first
    assert cut[0].first == 4
    assert cut[-1].first + cut[-1].size < 3600, "it has to fit onto a card that is sold as 4 GB"


def test_both_slots_are_of_one_size() -> None:
    _, first, second, _ = card.partitions()
    assert first.size == second.size == card.SLOT_MIB


def test_the_table_on_the_card_is_what_was_meant(made: Path) -> None:
    table = json.loads(run("sfdisk", "--json", made))["partitiontable"]
    assert table["label"] == "dos"
    assert table["id"] == f"0x{card.DISK_ID}"
    assert [(part["start"] // 2048, part["size"] // 2048, part["type"]) for part in table["partitions"]] == [
        (part.first, part.size, part.kind) for part in card.partitions()
    ]


@pytest.mark.parametrize(("slot", "part"), [("a", "02"), ("b", "03")])
def test_the_command_line_names_the_slots_own_partition(slot: str, part: str) -> None:
    words = card.cmdline(slot).split()
    assert f"root=PARTUUID={card.DISK_ID}-{part}" in words
    assert f"fjes.slot={slot}" in words
    assert f"fjes.boot=PARTUUID={card.DISK_ID}-01" in words
    assert "ro" in words
    assert any(word.startswith("panic=") for word in words), "a kernel that panics must start again, to be counted"
    assert card.cmdline(slot).count("\n") == 1


def test_the_first_partition_has_what_firmware_and_it_look_for(made: Path) -> None:
    flashed = Card(made)
    assert flashed.slot() == "a"
    assert flashed.read("a/vmlinuz") == b"kernel"
    assert flashed.read("a/initrd.img") == b"initrd"
    assert flashed.read("a/bcm2711-rpi-4-b.dtb") == b"4"
    assert flashed.read("start4.elf") == b"start"
    assert b"fjes.slot=a" in flashed.read("a/cmdline.txt")
    assert b"include slot.txt" in flashed.read("config.txt")
    assert len(flashed.read("slot.txt")) == 64
    assert not flashed.has("b/vmlinuz")


def test_the_file_for_it_is_one_that_old_editors_of_windows_show_in_lines(made: Path) -> None:
    sample = Card(made).read("fjes.toml")
    assert sample.count(b"\r\n") == sample.count(b"\n") > 10


def test_a_file_that_it_puts_there_is_read_back(made: Path) -> None:
    flashed = Card(made)
    flashed.write("fjes.toml", b'role = "both"\n')
    assert flashed.read("fjes.toml") == b'role = "both"\n'


def test_the_data_partition_is_sound_and_has_its_folders(made: Path, tmp_path: Path) -> None:
    data = card.partitions()[3]
    part = tmp_path / "data"
    run(
        "dd",
        f"if={made}",
        f"of={part}",
        "bs=1M",
        f"skip={data.first}",
        f"count={data.size}",
        "conv=sparse",
        "status=none",
    )
    assert subprocess.run(["/sbin/e2fsck", "-f", "-n", part], capture_output=True).returncode == 0
    listed = run("/sbin/debugfs", "-R", "ls -p /", part)
    for name, mode in (("fjes", "040755"), ("private", "040700"), ("mosquitto", "040750"), ("provision", "040700")):
        assert f"/{mode}/" in next(line for line in listed.splitlines() if f"/{name}/" in line)


def test_the_same_tree_gives_the_same_slot(made: Path, tmp_path: Path) -> None:
    tree = made.parent / "tree"
    for name in ("one", "two"):
        card.squashed(tree, tmp_path / name, ())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
