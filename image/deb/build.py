"""Builds the package for a server: `dist/fjes_VERSION_ARCHITECTURE.deb`. Run by `make deb`.

What is in it: the wheels of all that the dashboard needs, Fjes' own among them; units; and the scripts that Debian runs
when it is installed and removed (`debian/`). The same commit makes the same bytes (`$SOURCE_DATE_EPOCH`; by default
when that was made). Downloads wheels, by hash, into `.cache/deb` once. Knows nothing of the image.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from image.deb import wheels

ROOT = Path(__file__).resolve().parents[2]
OURS = Path(__file__).parent / "debian"
UNITS = ROOT / "systemd"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
HERE = ("fjes-dashboard", "fjes-ingest", "fjes-web", "fjes-audit", "fjes-backup", "fjes-broker")
"""How the units begin that are a dashboard's."""


def main() -> None:
    """Build what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--architecture", choices=sorted(wheels.MACHINES), default="amd64", help="default: amd64")
    parser.add_argument("--suffix", default="", help="after the version, such as ~rc1")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder; default: dist")
    given = parser.parse_args()
    os.environ.setdefault("SOURCE_DATE_EPOCH", run("git", "log", "-1", "--format=%ct").strip())
    try:
        sys.stdout.write(f"{build(given.architecture, given.suffix, given.to)}\n")
    except (wheels.WheelError, subprocess.CalledProcessError) as error:
        details = getattr(error, "stderr", "") or ""
        sys.exit(f"make deb: {error}\n{details}".rstrip())


def run(*command: str, **environment: str) -> str:
    """Run a command in the project's folder, and return what it prints."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout


def build(architecture: str, suffix: str, to: Path) -> Path:
    """Build it; returns the file. Raises WheelError, CalledProcessError."""
    machine = wheels.MACHINES[architecture]
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    version = setup["metadata"]["version"] + suffix
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        fill(tree, Path(scratch), machine)
        control(tree, version, architecture)
        package = to / f"fjes_{version}_{architecture}.deb"
        # Wheels are compressed already.
        run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z3", "--build", str(tree), str(package))
    return package


def fill(tree: Path, scratch: Path, machine: str) -> None:
    """All that is installed."""
    home = tree / "opt/fjes"
    carried = home / "wheels"
    carried.mkdir(parents=True)
    lock = chosen(machine)
    write(home / "requirements.lock", lock)
    cache = ROOT / ".cache/deb" / machine
    cache.mkdir(parents=True, exist_ok=True)
    fetched = cache / f"fetched-{hashlib.sha256(lock.encode()).hexdigest()}"
    if not fetched.exists():
        for python in wheels.PYTHONS:
            wheels.download(home / "requirements.lock", cache, python, machine)
        fetched.touch()
    digests = set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    for wheel in sorted(cache.glob("*.whl")):
        if sha256(wheel) in digests:  # The cache may have some of an earlier lock.
            shutil.copy(wheel, carried)
    own = own_wheel(scratch)
    shutil.copy(own, carried)
    name, version = own.name.split("-")[:2]
    write(home / "fjes.lock", f"{name}=={version} --hash=sha256:{sha256(own)}\n")
    write(home / "fjes.toml", (OURS / "fjes.toml").read_text("utf-8"))

    units = tree / "usr/lib/systemd/system"
    for unit in sorted(UNITS.iterdir()):
        if unit.name.startswith(HERE):
            write(units / unit.name, unit.read_text("utf-8"))
    write(units / "mosquitto.service.d/fjes.conf", (UNITS / "mosquitto-fjes.conf").read_text("utf-8"))
    write(tree / "usr/lib/sysusers.d/fjes.conf", (UNITS / "sysusers.conf").read_text("utf-8"))
    write(tree / "usr/lib/tmpfiles.d/fjes.conf", (UNITS / "tmpfiles.conf").read_text("utf-8"))
    command = tree / "usr/bin/fjes"
    command.parent.mkdir(parents=True)
    command.symlink_to("/opt/fjes/.venv/bin/fjes")
    write(tree / "usr/share/doc/fjes/copyright", COPYRIGHT + (ROOT / "LICENSE").read_text("utf-8"))
    for page in ("server", "configuration", "accounts", "backup", "broker", "operation", "commands"):
        write(tree / f"usr/share/doc/fjes/{page}.md", (ROOT / f"docs/{page}.md").read_text("utf-8"))


COPYRIGHT = "Fjes is licensed under the EUPL 1.2, below. Each wheel in /opt/fjes/wheels has its own licence in it.\n\n"


def chosen(machine: str) -> str:
    """The part of requirements.lock that the dashboard needs, with any Python. Raises WheelError."""
    names = set().union(*(wheels.needed(ROOT / "setup.cfg", python, machine) for python in wheels.PYTHONS))
    return wheels.part((ROOT / "requirements.lock").read_text("utf-8"), names)


def own_wheel(scratch: Path) -> Path:
    """Fjes as a wheel, of the files that git knows: not of what was built beside them."""
    source = scratch / "source"
    for name in run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if name and (ROOT / name).is_file() and name.split("/")[0] not in ("tests", "bench", "image"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    made = scratch / "own"
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-build-isolation", "--no-index", "--wheel-dir", str(made), str(source)),
    )
    (wheel,) = made.glob("*.whl")
    return wheel


def control(tree: Path, version: str, architecture: str) -> None:
    """What dpkg reads."""
    folder = tree / "DEBIAN"
    size = sum(each.stat().st_size for each in tree.rglob("*") if each.is_file()) // 1024
    text = (OURS / "control").read_text("utf-8")
    values = {"VERSION": version, "ARCHITECTURE": architecture, "SIZE": str(size)}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    write(folder / "control", text)
    write(folder / "triggers", (OURS / "triggers").read_text("utf-8"))
    common = (OURS / "common").read_text("utf-8")
    for name in SCRIPTS:
        write(folder / name, f"#!/bin/sh\n{common}\n{(OURS / name).read_text('utf-8')}", 0o755)
    files = sorted(each for each in tree.rglob("*") if each.is_file() and not each.is_symlink())
    sums = [(hashlib.md5(each.read_bytes()).hexdigest(), each.relative_to(tree)) for each in files]  # noqa: S324 - dpkg's
    write(folder / "md5sums", "".join(f"{sum_}  {name}\n" for sum_, name in sums if name.parts[0] != "DEBIAN"))
    for each in (tree, *tree.rglob("*")):
        if each.is_dir():
            each.chmod(0o755)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file, and the folders on its way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)


def sha256(path: Path) -> str:
    """Of a file, as lock files have it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
