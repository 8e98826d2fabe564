"""A disk that fails where it is told to: at any single write of SQLite's own, in this process.

SQLite lets its system calls be replaced for tests (`xSetSystemCall`, sqlite3.h). At the chosen write either something
is called (to keep a copy of the files as they are at that instant, as a process that is killed there leaves them), or
the disk is full from then on. What a power cut may do to writes that were not synced yet is SQLite's own promise.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_MEMBERS = (
    "xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep xCurrentTime"
    " xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall"
)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in _MEMBERS.split()),
    ]


_PWRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)
_SET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class Disk:
    """Stands between SQLite and the system. One a process; raises OSError where this Python's SQLite cannot be had."""

    def __init__(self) -> None:
        self._left = -1
        self._at: Callable[[], None] | None = None
        self._full = False
        libc = ctypes.CDLL(None, use_errno=True)
        libc.pwrite64.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64]
        libc.pwrite64.restype = ctypes.c_ssize_t
        self._write = libc.pwrite64
        # Kept, or the memory that SQLite jumps to would be given back.
        self._callback = _PWRITE(self._pwrite)
        sqlite = _sqlite()
        sqlite.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = sqlite.sqlite3_vfs_find(None).contents
        replace = _SET(vfs.xSetSystemCall)
        for name in (b"pwrite", b"pwrite64"):
            if replace(ctypes.addressof(vfs), name, ctypes.cast(self._callback, ctypes.c_void_p)):
                raise OSError(f"this SQLite does not let {name!r} be replaced")

    def _pwrite(self, descriptor: int, buffer: Any, size: int, offset: int) -> int:
        if self._left == 0 and self._at is not None:
            at, self._at = self._at, None
            at()
        if self._left == 0 and self._full:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        self._left -= self._left > 0
        return int(self._write(descriptor, buffer, size, offset))

    @contextlib.contextmanager
    def calling(self, at: Callable[[], None], writes: int) -> Iterator[None]:
        """Meanwhile call `at` once, before the write that follows so many others."""
        self._left, self._at = writes, at
        try:
            yield
        finally:
            self._left, self._at = -1, None

    @contextlib.contextmanager
    def full(self, writes: int) -> Iterator[None]:
        """Meanwhile have no space left after so many writes."""
        self._left, self._full = writes, True
        try:
            yield
        finally:
            self._left, self._full = -1, False


def _sqlite() -> ctypes.CDLL:
    """The very SQLite that this Python uses."""
    import sqlite3 as _loads_it  # noqa: F401

    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libsqlite3" in line:
            return ctypes.CDLL(line.split()[-1])
    raise OSError("this Python carries its own SQLite inside: use a Python that loads the system's (libsqlite3.so)")
