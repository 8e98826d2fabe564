"""The Python packages of the image: what requirements.lock pins, by hash, fetched on the builder for arm64.

No arm64 program runs for this. lgpio alone has no wheel for Debian 13's Python: it is compiled here, from the source
that requirements.lock pins.
"""

import configparser
import re
import shutil
import tarfile
import venv
from pathlib import Path

from image.places import CACHE, SOURCE, BuildError, key, run, say

PYTHON = "3.13"
PLATFORM = "aarch64-manylinux_2_36"
_LOCK = SOURCE / "requirements.lock"
_ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)[^\n]*((?:\n    --hash=\S+[ \\]*)+)", re.MULTILINE)


def python_packages(base: Path) -> Path:
    """A folder with the packages of terminal and dashboard, not yet compiled; made first if it is not in the cache.

    Args:
        base: the base tree, for Python's headers.

    Raises:
        BuildError: a package cannot be had, or requirements.lock does not pin it.
    """
    folder = CACHE / f"python-{key([_LOCK, _asked(), Path(__file__), base.name])}"
    if folder.exists():
        return folder
    say("Fetching the Python packages for arm64")
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    pins = unfinished / "pins.txt"
    pins.write_text("\n".join(_pins(unfinished)) + "\n", "utf-8")
    site = unfinished / "site-packages"
    run(
        *(_uv(), "pip", "install", "--quiet", "--target", site, "--python-version", PYTHON),
        *("--python-platform", PLATFORM, "--only-binary", ":all:", "--no-deps", "--require-hashes"),
        *("--link-mode", "copy", "--requirement", pins),
    )
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    _lgpio(base, unfinished / "lgpio", site)
    _leave_out(site)
    unfinished.rename(folder)
    return folder


def _asked() -> str:
    """What setup.cfg asks for; what else stands in it is for tools."""
    settings = configparser.ConfigParser()
    settings.read(SOURCE / "setup.cfg", "utf-8")
    return f"{settings['options']['install_requires']}{dict(settings['options.extras_require'])}"


def locked(text: str) -> dict[str, tuple[str, str]]:
    """What a lock file pins: from name to version and the lines with its hashes."""
    return {name: (version, hashes) for name, version, hashes in _ENTRY.findall(text)}


def _pins(folder: Path) -> list[str]:
    """The entries of requirements.lock that terminal and dashboard need on this platform, without their markers."""
    names = folder / "names.txt"
    run(
        *(_uv(), "pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python-version", PYTHON),
        *("--python-platform", PLATFORM, "--extra", "terminal", "--extra", "dashboard"),
        *("--constraint", _LOCK, SOURCE / "setup.cfg", "--output-file", names),
    )
    wanted = [line.split("==") for line in names.read_text("utf-8").splitlines() if "==" in line]
    # A package may be pinned twice, for older and for newer Pythons.
    entries = {(name, version): hashes for name, version, hashes in _ENTRY.findall(_LOCK.read_text("utf-8"))}
    missing = [f"{name}=={version}" for name, version in wanted if (name, version) not in entries]
    if missing:
        raise BuildError(f"requirements.lock does not pin {', '.join(missing)}: run `make lock`")
    return [f"{name}=={version} \\{entries[name, version]}" for name, version in wanted if name != "lgpio"]


def _uv() -> Path:
    tools = CACHE / "tools"
    if not (tools / "bin" / "uv").exists():
        venv.create(tools, with_pip=True, clear=True)
        run(tools / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    return tools / "bin" / "uv"


def _lgpio(base: Path, work: Path, site: Path) -> None:
    version, hashes = locked(_LOCK.read_text("utf-8"))["lgpio"]
    work.mkdir()
    pin = work / "lgpio.txt"
    pin.write_text(f"lgpio=={version} \\{hashes}\n", "utf-8")
    run(
        *(CACHE / "tools" / "bin" / "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-binary", ":all:", "--require-hashes", "--requirement", pin, "--dest", work),
    )
    with tarfile.open(next(work.glob("lgpio-*.tar.gz"))) as archive:
        archive.extractall(work, filter="data")
    source = work / f"lgpio-{version}"
    run("sh", "-c", f"cd {source} && swig -python lgpio.i")
    headers = base / "usr" / "include"
    run(
        *("aarch64-linux-gnu-gcc", "-shared", "-fPIC", "-O2", "-pthread", "-w", f"-ffile-prefix-map={work}=."),
        *("-I", source / "src", "-I", headers / f"python{PYTHON}", "-I", headers),
        *sorted((source / "src").glob("lg*.c")),
        *(source / "src" / "rgpiod.c", source / "lgpio_wrap.c", "-lrt", "-ldl"),
        *("-o", site / f"_lgpio.cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so"),
    )
    shutil.copy(source / "lgpio.py", site)
    about = site / f"lgpio-{version}.dist-info"
    about.mkdir()
    shutil.copy(source / "PKG-INFO", about / "METADATA")
    shutil.copy(source / "LICENSE", about / "LICENSE")
    shutil.rmtree(work)


def _leave_out(site: Path) -> None:
    """Tests and examples of the packages, which nobody runs on a card: a fifth of the size."""
    for package in ("scipy", "numpy", "matplotlib", "kivy", "sqlalchemy", "fontTools", "contourpy", "psutil"):
        for folder in sorted((site / package).rglob("*"), reverse=True):
            if folder.is_dir() and folder.name in ("tests", "sample_data") and not folder.is_symlink():
                shutil.rmtree(folder)
    shutil.rmtree(site / "share", ignore_errors=True)
