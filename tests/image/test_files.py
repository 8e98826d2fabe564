"""What is laid over Debian: scripts that shells can read, units that systemd understands, presets, and the sample."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from image.base import sources
from image.places import IMAGE, SOURCE, listed
from ratings import config

FILES = IMAGE / "files"
UNITS = sorted((FILES / "usr/lib/systemd/system").iterdir())
SCRIPTS = sorted(
    path
    for path in [*FILES.rglob("*"), *(IMAGE / "base").iterdir()]
    if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_read_by_its_shell_and_be_run(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111 == 0o111
    assert script.read_text("utf-8").splitlines()[1].startswith("# "), "it begins with what it is for"


def test_nothing_is_writable_for_others() -> None:
    loose = [path for path in FILES.rglob("*") if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o002]
    assert not loose


def test_units_are_what_systemd_understands(tmp_path: Path) -> None:
    for unit in UNITS:
        # What they run is there on the card alone.
        text = re.sub(r"/usr/lib/fjes/\S+|/usr/bin/python3", "/bin/true", unit.read_text("utf-8"))
        (tmp_path / unit.name).write_text(text, "utf-8")
    units = [tmp_path / unit.name.replace("@", "@dev-sda1") for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "fjes" in line], done.stderr


def test_each_unit_of_the_image_is_started_by_a_preset_or_by_another() -> None:
    presets = (FILES / "usr/lib/systemd/system-preset/00-fjes-image.preset").read_text("utf-8")
    rules = "".join(path.read_text("utf-8") for path in (FILES / "usr/lib/udev/rules.d").iterdir())
    for unit in UNITS:
        if "[Install]" in unit.read_text("utf-8"):
            assert f"enable {unit.name}\n" in presets
        else:
            name = unit.name.split("@")[0]
            assert name in rules or (unit.parent / f"{name.removesuffix('.service')}.timer").exists()


def test_nobody_comes_in_unless_the_file_says_so() -> None:
    presets = (FILES / "usr/lib/systemd/system-preset/00-fjes-image.preset").read_text("utf-8")
    for unit in ("ssh.service", "ssh.socket", "mosquitto.service", "getty@.service"):
        assert f"disable {unit}\n" in presets
    last = FILES / "usr/lib/systemd/system-preset/99-fjes-image.preset"
    assert last.read_text("utf-8").rstrip().endswith("disable *")


def test_only_the_data_partition_keeps_anything() -> None:
    lines = [line.split() for line in (FILES / "etc/fstab").read_text("utf-8").splitlines() if line and line[0] != "#"]
    kept = {place: options.split(",") for _, place, kind, options, *_ in lines if kind in ("ext4", "vfat")}
    assert set(kept) == {"/data", "/boot/firmware"}
    assert {"noatime", "lazytime", "x-systemd.growfs", "nosuid", "nodev", "noexec"} <= set(kept["/data"])
    # Not by an option: to lift it where the mount is, a service would have to leave its own view of the mounts.
    assert "rw" in kept["/boot/firmware"]
    post = (SOURCE / "systemd/fjes-provision.service").read_text("utf-8")
    assert "\nExecStartPost=-+mount -o remount,ro /boot/firmware\n" in post
    assert {place for _, place, kind, *_ in lines if kind == "tmpfs"} >= {"/var/log", "/var/tmp"}
    assert all(line[5] == "2" for line in lines if line[2] in ("vfat", "ext4")), "checked and repaired at each start"
    assert "fsck.repair=yes" in (FILES / "usr/lib/fjes/cmdline").read_text("utf-8")


def test_the_journal_is_in_memory() -> None:
    assert "Storage=volatile" in (FILES / "etc/systemd/journald.conf.d/memory.conf").read_text("utf-8")


def test_the_sample_is_a_file_that_a_terminal_understands() -> None:
    sample = IMAGE / "boot/fjes.toml"
    assert config.load(sample) is not None
    uncommented = re.sub(r"^#(?=\[|[a-z_]+ = )", "", sample.read_text("utf-8"), flags=re.MULTILINE)
    for section in ("network", "time", "ssh", "update"):
        assert f"[{section}]" in uncommented


def test_mirrors_are_the_builders_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FJES_DEBIAN_MIRROR", "http://mirror.example/debian/")
    monkeypatch.setenv("FJES_DEBIAN_SECURITY_MIRROR", "http://mirror.example/security")
    assert sources()[0] == "deb http://mirror.example/debian trixie main non-free-firmware"
    assert any("trixie-security" in line for line in sources())


def test_no_package_is_listed_twice() -> None:
    packages = listed(IMAGE / "packages.txt")
    assert len(packages) == len(set(packages)) > 20


def test_no_secret_and_no_host_of_a_mirror_lies_here() -> None:
    for path in [path for path in IMAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]:
        text = path.read_bytes()
        assert b"PRIVATE KEY-----" not in text, path
        assert not re.search(rb"https?://(?!fjes\.example|mirror\.example)[a-z0-9.-]+\.(org|com|net)", text), path


def test_the_disks_name_is_the_same_everywhere() -> None:
    from image.card import DISK_ID

    assert DISK_ID in (FILES / "usr/lib/fjes/cmdline").read_text("utf-8")
    assert (SOURCE / "image").is_dir()
