"""The base tree: Debian 13 for arm64 with everything that does not come from this project, kept in the cache.

Made by mmdebstrap, its arm64 programs run by user-mode emulation. What takes minutes there (compiling Python files,
the hardware database, certificates, the initial RAM disk) is put off during the installation and done once at the end.
"""

import os
import shutil
from pathlib import Path

from image.places import CACHE, EPOCH, IMAGE, BuildError, key, listed, run, say

SUITE = "trixie"
COMPONENTS = "main non-free-firmware"
_HOOKS = IMAGE / "base"
_FORMAT = "1"


def mirrors() -> tuple[str, str]:
    """Addresses of Debian's archive and of its security archive: the builder's own.

    From `FJES_DEBIAN_MIRROR` and `FJES_DEBIAN_SECURITY_MIRROR`, else from the configuration of apt.

    Raises:
        BuildError: neither says.
    """
    main, security = os.environ.get("FJES_DEBIAN_MIRROR"), os.environ.get("FJES_DEBIAN_SECURITY_MIRROR")
    if not (main and security):
        for line in run("apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)").splitlines():
            label, _, address = line.partition("|")
            main = main or (address if label == "Debian" else None)
            security = security or (address if label == "Debian-Security" else None)
    if not (main and security):
        raise BuildError(
            "apt on this machine has no Debian archive: name them in FJES_DEBIAN_MIRROR and FJES_DEBIAN_SECURITY_MIRROR"
        )
    return main.rstrip("/"), security.rstrip("/")


def sources() -> list[str]:
    """The lines of sources.list for the image."""
    main, security = mirrors()
    return [
        f"deb {main} {SUITE} {COMPONENTS}",
        f"deb {main} {SUITE}-updates {COMPONENTS}",
        f"deb {main} {SUITE}-backports {COMPONENTS}",
        f"deb {security} {SUITE}-security {COMPONENTS}",
    ]


def base_tree() -> Path:
    """The folder with the base tree, made first if it is not in the cache.

    Raises:
        BuildError: this machine cannot run arm64 programs, is not root's, or apt failed.
    """
    packages = listed(IMAGE / "packages.txt")
    tree = CACHE / f"base-{key([_FORMAT, SUITE, *packages, *sorted(_HOOKS.iterdir())])}"
    if tree.exists():
        return tree
    _check_machine()
    unfinished = tree.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    # A name of its own, so that packages downloaded once serve the next list of packages as well.
    downloads = CACHE / "debian"
    downloads.mkdir(parents=True, exist_ok=True)
    say(f"Building the base tree: {len(packages)} packages of Debian and what they need (15 to 25 minutes)")
    run(
        "mmdebstrap",
        "--mode=root",
        "--architectures=arm64",
        "--variant=minbase",
        "--format=directory",
        "--skip=download/empty,essential/unlink,cleanup/apt",
        f"--include={','.join(packages)}",
        "--aptopt=Apt::Install-Recommends false",
        "--aptopt=Acquire::Languages none",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*/LC_MESSAGES/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f'--setup-hook={_HOOKS / "setup.sh"} "$1" {downloads}',
        f'--essential-hook={_HOOKS / "put-off.sh"} "$1"',
        f'--customize-hook={_HOOKS / "make-up.sh"} "$1"',
        f'--customize-hook={_HOOKS / "keep.sh"} "$1" {downloads}',
        SUITE,
        unfinished,
        *sources(),
        environment={"SOURCE_DATE_EPOCH": EPOCH, "TMPDIR": str(CACHE)},
    )
    unfinished.rename(tree)
    return tree


def native_python() -> Path:
    """A folder with the same Python as the image's, for this machine's processor, made first if there is none.

    What it compiles is the same for every processor; under emulation that takes twenty times as long.
    """
    tree = CACHE / "native-python"
    if not tree.exists():
        unfinished = tree.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        run(
            *("mmdebstrap", "--mode=root", "--variant=extract", "--include=python3", "--format=directory"),
            *(SUITE, str(unfinished), *sources()),
            environment={"TMPDIR": str(CACHE)},
        )
        # Only unpacked: the links that an installation makes, and a place for what is compiled.
        for name in ("bin", "sbin", "lib", "lib64"):
            if not (unfinished / name).exists():
                (unfinished / name).symlink_to(f"usr/{name}")
        (unfinished / "mnt").mkdir(exist_ok=True)
        unfinished.rename(tree)
    return tree


def _check_machine() -> None:
    if os.geteuid() != 0:
        raise BuildError("the base tree has files of many owners: build as root (sudo make image), or in a container")
    formats = Path("/proc/sys/fs/binfmt_misc")
    if os.uname().machine == "aarch64":
        return
    if not (formats / "register").exists():
        run("mount", "-t", "binfmt_misc", "binfmt_misc", formats)
    if not (formats / "qemu-aarch64").exists():
        run("update-binfmts", "--enable", "qemu-aarch64")
