"""The card: four partitions in a file, made without loop devices or mounts.

1 `FJES-BOOT` (FAT): the firmware of the boards, fjes.toml, and for each slot a folder with kernel and initial RAM disk.
2 and 3: slots A and B, each a squashfs that cannot be written. 4 `fjes-data` (ext4): grows at the first start.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image.places import IMAGE, BuildError, files_below, run, say

MIB = 1024 * 1024
# DO NOT change these: cards in the field are cut this way, and updates are written into their slots.
DISK_ID = "f7e50001"
BOOT_MIB, SLOT_MIB, DATA_MIB = 512, 1024, 256
_START_MIB = 4
_DATA_UUID = "f7e50001-0000-4000-8000-000000000004"
CMDLINE = IMAGE / "files/usr/lib/fjes/cmdline"
CLOCK = IMAGE.parent / "hardware/fjes-ds3231.dts"
# The folders of the data partition, with owner and mode as the services expect them when they find them.
_DATA_FOLDERS = (("fjes", 0o755), ("mosquitto", 0o750), ("private", 0o700), ("systemd", 0o755), ("provision", 0o700))


@dataclass(frozen=True)
class Partition:
    """A stretch of the card. `first` and `size` are in MiB."""

    number: int
    first: int
    size: int
    kind: str


def partitions() -> tuple[Partition, ...]:
    """The four, in order, without gaps, the first at 4 MiB."""
    first, cut = _START_MIB, []
    for number, (size, kind) in enumerate(
        [(BOOT_MIB, "c"), (SLOT_MIB, "83"), (SLOT_MIB, "83"), (DATA_MIB, "83")], start=1
    ):
        cut.append(Partition(number, first, size, kind))
        first += size
    return tuple(cut)


def table() -> str:
    """What sfdisk reads."""
    lines = ["label: dos", f"label-id: 0x{DISK_ID}", "unit: sectors"]
    for part in partitions():
        boot = ", bootable" if part.number == 1 else ""
        lines.append(f"start={part.first * 2048}, size={part.size * 2048}, type={part.kind}{boot}")
    return "\n".join(lines) + "\n"


def cmdline(slot: str) -> str:
    """The kernel's command line for a slot, `a` or `b`: one line."""
    return CMDLINE.read_text("utf-8").replace("@SLOT@", slot).replace("@PART@", {"a": "02", "b": "03"}[slot])


def squashed(
    tree: Path, out: Path, left_out: tuple[str, ...], instead: Mapping[str, tuple[int, Path]] | None = None
) -> None:
    """The root file system as one compressed file that is the same for the same tree.

    Args:
        tree: the folder.
        out: the file.
        left_out: patterns of what does not go in.
        instead: files that take the place of the tree's own, for the boot test's versions: mode and content by name.

    Raises:
        BuildError: it does not fit into a slot.
    """
    say("Compressing the root file system")
    out.unlink(missing_ok=True)
    other = instead or {}
    run(
        *("mksquashfs", tree, out, "-quiet", "-no-progress", "-comp", "zstd", "-Xcompression-level", "6", "-b", "256K"),
        *("-no-xattrs", *(word for name, (mode, file) in other.items() for word in _pseudo(name, mode, file))),
        *(("-wildcards", "-e", *left_out, *other) if left_out or other else ()),
    )
    if out.stat().st_size > SLOT_MIB * MIB:
        raise BuildError(f"the root file system has {out.stat().st_size // MIB} MiB, and a slot {SLOT_MIB}")


def _pseudo(name: str, mode: int, file: Path) -> tuple[str, str]:
    return "-p", f"{name} f {mode:o} 0 0 cat {file}"


def card(tree: Path, squashfs: Path, out: Path) -> None:
    """Write the card's image: slot A filled, slot B empty."""
    say("Writing the card")
    out.unlink(missing_ok=True)
    last = partitions()[-1]
    with out.open("wb") as image:
        image.truncate((last.first + last.size) * MIB)
    run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", out, text=table())
    boot, first_slot, _, data = partitions()
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        work = Path(folder)
        _lay(_boot_partition(tree, work), out, boot)
        _lay(squashfs, out, first_slot)
        _lay(_data_partition(work), out, data)


def _lay(part: Path, out: Path, where: Partition) -> None:
    run("dd", f"if={part}", f"of={out}", "bs=1M", f"seek={where.first}", "conv=notrunc,sparse", "status=none")


def _boot_partition(tree: Path, work: Path) -> Path:
    folder = work / "boot"
    shutil.copytree(IMAGE / "boot", folder)
    for path in files_below(tree / "usr/lib/fjes/board/usr/lib/raspi-firmware"):
        if path.suffix in (".bin", ".elf", ".dat"):
            shutil.copy(path, folder)
    shutil.copytree(tree / "usr/lib/fjes/boot", folder / "a")
    (folder / "a/cmdline.txt").write_text(cmdline("a"), "utf-8")
    (folder / "overlays").mkdir()
    run("dtc", "-@", "-I", "dts", "-O", "dtb", "-o", folder / "overlays/fjes-ds3231.dtbo", CLOCK)
    for text in folder.glob("*.t*"):
        # Windows' editor of old shows lines only where they end in its way; slot.txt is a file of ours.
        if text.name != "slot.txt":
            text.write_bytes(text.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    fat = work / "boot.fat"
    run("mkfs.vfat", "--invariant", "-F", "32", "-i", DISK_ID, "-n", "FJES-BOOT", "-C", fat, str(BOOT_MIB * 1024))
    run("mcopy", "-s", "-i", fat, *sorted(folder.iterdir()), "::", environment={"MTOOLS_SKIP_CHECK": "1"})
    return fat


def _data_partition(work: Path) -> Path:
    folder = work / "data"
    for name, mode in _DATA_FOLDERS:
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(mode)
    if os.geteuid() == 0:
        shutil.chown(folder / "mosquitto", 880, 880)
    ext4 = work / "data.ext4"
    run(
        *("mke2fs", "-q", "-t", "ext4", "-L", "fjes-data", "-U", _DATA_UUID, "-m", "1", "-d", folder),
        *("-E", f"hash_seed={_DATA_UUID},root_owner=0:0", "-O", "^metadata_csum_seed", ext4, f"{DATA_MIB}M"),
    )
    return ext4
