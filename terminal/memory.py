"""What a process of the terminal has in memory stays there: when it crashes, nothing of it is written down."""

from __future__ import annotations

import resource


def leave_no_core() -> None:
    """Let this process, and all that it starts, leave no core dump, whatever the machine is set to (core(5))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
