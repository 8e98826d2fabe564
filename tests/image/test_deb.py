"""The package for a server, without building it: what it carries, says and does. The rest: make deb-test."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from image.deb import build, wheels
from ratings import config
from tests.conftest import program

LOCK = (build.ROOT / "requirements.lock").read_text("utf-8")
CONTROL = (build.OURS / "control").read_text("utf-8")
PLACES = [(python, machine) for python in wheels.PYTHONS for machine in wheels.MACHINES.values()]


@pytest.mark.parametrize(("python", "machine"), PLACES)
def test_all_that_the_dashboard_needs_is_pinned_once_for_each_python_with_hashes(python: str, machine: str) -> None:
    needed = wheels.needed(build.ROOT / "setup.cfg", python, machine)
    assert {"flask", "scipy", "psycopg-binary", "weasyprint", "tzdata"} <= needed
    assert needed.isdisjoint({"kivy", "lgpio", "gpiozero", "pytest", "playwright", "django"})
    where = wheels.environment(python, machine)
    applying = [
        each
        for each, text in wheels.pinned(wheels.part(LOCK, needed))
        if (each.marker is None or each.marker.evaluate(where)) and "--hash=sha256:" in text
    ]
    assert sorted(each.name for each in applying) == sorted(needed)
    assert all(str(each.specifier).startswith("==") for each in applying)


def test_a_lock_file_that_lacks_something_is_said() -> None:
    with pytest.raises(wheels.WheelError, match=r"does not pin left-pad.*make lock"):
        wheels.part(LOCK, {"flask", "left-pad"})


def test_the_part_has_the_same_hashes_as_the_whole() -> None:
    ((_, text),) = wheels.pinned(wheels.part(LOCK, {"flask"}))
    assert text in LOCK
    assert re.search(r"sha256:[0-9a-f]{64}", text)


def test_it_is_for_the_pythons_that_it_has_wheels_for() -> None:
    first, last = wheels.PYTHONS[0], wheels.PYTHONS[-1]
    after = f"3.{int(last.removeprefix('3.')) + 1}"
    assert f"python3 (>= {first}), python3 (<< {after})" in CONTROL


def test_what_debian_has_to_bring_is_asked_for() -> None:
    (depends,) = [line for line in CONTROL.splitlines() if line.startswith("Depends: ")]
    makefile = (build.ROOT / "Makefile").read_text("utf-8")
    (wanted,) = re.findall(r"^RUN_PACKAGES \?= (.*)$", makefile, re.MULTILINE)
    for package in wanted.split():
        # The kiosk's window is not there.
        assert package in depends or package.startswith(("libgl1", "libegl1")), package
    assert {"mosquitto", "python3-venv", "systemd"} <= set(re.findall(r"[a-z0-9-]+", depends))


@pytest.mark.parametrize("name", build.SCRIPTS)
def test_the_shell_reads_each_script(name: str, tmp_path: Path) -> None:
    script = tmp_path / name
    script.write_text(f"#!/bin/sh\n{(build.OURS / 'common').read_text()}\n{(build.OURS / name).read_text()}")
    for shell in (["dash", "-n"], ["bash", "--posix", "-n"]):
        read = subprocess.run([*shell, str(script)], capture_output=True, text=True, timeout=20, check=False)
        assert (read.returncode, read.stderr) == (0, "")
    text = script.read_text()
    assert re.search(r"^set -e$", text, re.MULTILINE), "a step that failed must not be passed over"
    # What bash knows and Debian's sh does not.
    assert not re.search(r"\[\[|\bfunction \w|\blocal -|<<<|\$'|\bsource ", text)


def test_ratings_are_removed_by_a_purge_alone() -> None:
    removing = [name for name in build.SCRIPTS if "rm -rf" in (build.OURS / name).read_text()]
    assert removing == ["postinst", "prerm", "postrm"]
    purge = (build.OURS / "postrm").read_text().partition("\npurge)\n")
    assert "rm -rf" not in purge[0]
    assert '"$STATE/dashboard"' in purge[2]
    assert "--one-file-system" in purge[2], "a mounted share with backups"
    for name in ("postinst", "prerm"):
        for line in re.findall(r"rm -rf (.*)", (build.OURS / name).read_text()):
            assert "STATE" not in line
            assert "/etc" not in line


def test_its_fjes_toml_can_be_read_and_has_no_password(tmp_path: Path) -> None:
    file = build.OURS / "fjes.toml"
    read = config.load(file)
    assert read.role == "dashboard"
    assert read.dashboard.sign_in
    assert str(read.dashboard.broker) == "/var/lib/fjes/broker"
    assert (read.dashboard.host, read.broker.password) == ("127.0.0.1", None)


def test_the_units_of_a_dashboard_are_in_it_and_no_terminals() -> None:
    there = {each.name for each in build.UNITS.iterdir() if each.name.startswith(build.HERE)}
    target = (build.UNITS / "fjes-dashboard.target").read_text("utf-8")
    wanted = {name for line in target.splitlines() if line.startswith("Wants=") for name in line[6:].split()}
    # Debian's own, and what only the image has: where it is not there, it is not missed.
    assert wanted - {"mosquitto.service", "fjes-first.service"} <= there
    assert not {name for name in there if re.search(r"kiosk|courier|terminal|provision|wifi", name)}


def test_the_fields_are_as_dpkg_wants_them(tmp_path: Path) -> None:
    """A package of nothing but them is built and read by dpkg itself."""
    (tmp_path / "tree").mkdir()
    build.control(tmp_path / "tree", "0.1.0", "amd64")
    dpkg = program("dpkg-deb", "dpkg")
    subprocess.run([dpkg, "--build", "-Znone", str(tmp_path / "tree"), str(tmp_path / "x.deb")], check=True, timeout=60)
    told = subprocess.run(
        [dpkg, "--field", str(tmp_path / "x.deb"), "Package", "Version", "Architecture"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert told == "Package: fjes\nVersion: 0.1.0\nArchitecture: amd64\n"
    assert "@" not in CONTROL.replace("fjes@localhost", "").replace("@VERSION@", "").replace(
        "@ARCHITECTURE@", ""
    ).replace("@SIZE@", "")
