"""Where things lie while the image is built, and how commands are run. Knows nothing of what is built."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
IMAGE = SOURCE / "image"
CACHE = SOURCE / ".cache" / "image"
BUILD = SOURCE / "build"

# What differs between two builds of the same source would differ between two terminals: times are this one.
EPOCH = "1767225600"  # 2026-01-01T00:00:00Z


class BuildError(Exception):
    """The image cannot be built. The text says why, and what to do about it."""


def run(*command: str | Path, text: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        BuildError: it failed; with the last lines of what it said.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=text,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "LC_ALL": "C.UTF-8", **(environment or {})},
        )
    except FileNotFoundError:
        raise BuildError(f"{words[0]} is missing: `make image` installs what it needs; run that") from None
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-25:])
        raise BuildError(f"{' '.join(words)[:300]}\nended with {done.returncode}:\n{said}")
    return done.stdout


def say(line: str) -> None:
    """A line for whoever watches the build."""
    print(line, file=sys.stderr, flush=True)


def files_below(*roots: Path) -> list[Path]:
    """Every file in these folders (or the files themselves), in a fixed order, without what Python left behind."""
    found: list[Path] = []
    for root in roots:
        every = [root] if root.is_file() else sorted(root.rglob("*"))
        found += [path for path in every if path.is_file() and "__pycache__" not in path.parts]
    return found


def key(parts: Iterable[str | Path]) -> str:
    """A short name for exactly these texts and files: the same content, the same name."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()[:16]


def listed(path: Path) -> Sequence[str]:
    """The lines of a list file, without comments and blank ones."""
    lines = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]
