"""Which wheels the .deb carries: what the dashboard needs, as `requirements.lock` pins it, for each Python of Debian.

Goes by what the installed distributions of this environment say they need, so it asks nobody. Downloads through pip, by
hash. Knows nothing of Debian's package format.
"""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13")
"""Debian 12, Ubuntu 24.04, Debian 13. A new one: here, in debian/control, and `make deb-test`."""

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's names of architectures, and Python's."""

# Debian 12 has glibc 2.36, the oldest of them.
_GLIBCS = range(36, 16, -1)


class WheelError(Exception):
    """The wheels cannot be had; the text says which, and why."""


def environment(python: str, machine: str) -> dict[str, str]:
    """What the markers of a requirement are to be judged by, on a machine where the package is installed."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }


def needed(setup: Path, python: str, machine: str) -> set[str]:
    """The names of all distributions that the dashboard needs there, directly or not. `setup` is setup.cfg."""
    parser = configparser.ConfigParser()
    parser.read(setup, "utf-8")
    wanted = parser["options"]["install_requires"] + parser["options.extras_require"]["dashboard"]
    where = environment(python, machine)
    todo = [Requirement(line) for line in wanted.splitlines() if line.strip()]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        each = todo.pop()
        key = (canonicalize_name(each.name), frozenset(each.extras))
        if key in seen or not (each.marker is None or each.marker.evaluate(where)):
            continue
        seen.add(key)
        for line in distribution(each.name).requires or ():
            requirement = Requirement(line)
            asked = ("", *each.extras)
            if requirement.marker is None or any(requirement.marker.evaluate(where | {"extra": e}) for e in asked):
                requirement.marker = None  # It was judged with the extras that were asked for.
                todo.append(requirement)
    return {str(name) for name, _ in seen}


def pinned(lock: str) -> list[tuple[Requirement, str]]:
    """Each entry of a lock file: what it pins, and its text with the hashes."""
    entries = re.findall(r"^[A-Za-z0-9].*?(?:\\\n.*?)*$", lock, re.MULTILINE)
    return [(Requirement(each.partition("\\")[0].strip()), each) for each in entries]


def part(lock: str, names: Iterable[str]) -> str:
    """The lock file of some distributions alone, with the hashes of the whole. Raises WheelError where one lacks."""
    wanted = set(names)
    entries = [(each, text) for each, text in pinned(lock) if canonicalize_name(each.name) in wanted]
    if missing := wanted - {canonicalize_name(each.name) for each, _ in entries}:
        raise WheelError(f"requirements.lock does not pin {', '.join(sorted(missing))}: make lock")
    return "".join(f"{text}\n" for _, text in entries)


def applying(lock: str, where: Mapping[str, str]) -> dict[str, str]:
    """The version of each distribution that a lock file pins for such a machine, by its canonical name."""
    return {
        str(canonicalize_name(each.name)): next(iter(each.specifier)).version
        for each, _ in pinned(lock)
        if each.marker is None or Marker(str(each.marker)).evaluate(dict(where))
    }


def download(lock: Path, folder: Path, python: str, machine: str) -> None:
    """Fetch the wheels of a lock file for one Python into a folder; what is there already is not fetched again.

    Raises WheelError.
    """
    # pip applies markers as this Python would: it is given what applies there, without them.
    where = environment(python, machine)
    entries = [(each, text) for each, text in pinned(lock.read_text("utf-8"))]
    chosen = [text for each, text in entries if each.marker is None or each.marker.evaluate(where)]
    plain = folder / f"{python}-{machine}.txt"
    plain.write_text("".join(re.sub(r" ; [^\\]*", " ", text, count=1) + "\n" for text in chosen), "utf-8")
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in _GLIBCS]
    platforms += [f"--platform=manylinux2014_{machine}", f"--platform=linux_{machine}"]
    abi = f"cp{python.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", f"--python-version={python}", "--implementation=cp"]
    command += [f"--abi={abi}", "--abi=abi3", "--abi=none", *platforms]
    command += [f"--find-links={folder}", f"--dest={folder}", "-r", str(plain)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    finally:
        plain.unlink()
    if ran.returncode:
        raise WheelError(f"the wheels for Python {python} on {machine} cannot be had:\n{ran.stderr.strip()}")
