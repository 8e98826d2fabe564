"""A text is as wide as it is drawn, whatever was set before it; and Kivy goes by our settings or not at all."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from terminal.kiosk import theme
from terminal.kiosk.lines import is_thai

LONG = "2001:db8:1234:5678:9abc:def0:1234:5678"
KIVY_KEEPS_OPEN = 64


@pytest.mark.parametrize("text", [LONG, "Колко доволни сте от посещението си днес?", "วันนี้คุณพอใจกับการมาใช้บริการมากแค่ไหน"])
@pytest.mark.parametrize("size", [13, 24, 47])
def test_a_text_is_as_wide_in_a_font_just_opened_as_in_one_that_has_drawn_something(
    rig: Any, text: str, size: int
) -> None:
    from terminal.kiosk.lettering import Lettering

    def forget_fonts() -> None:
        for other in range(100, 101 + KIVY_KEEPS_OPEN):
            assert Lettering().width("8", other)

    def draw(text: str) -> int:
        line = rig.kiosk.lettering.line(text, size, theme.INK)
        line.texture.bind()
        return int(line.width)

    forget_fonts()
    width = Lettering().width(text, size)
    assert draw(text) == width
    forget_fonts()
    assert draw("ก" if is_thai(text) else "x")
    assert Lettering().width(text, size) == width
    assert draw(text) == width


def test_what_imports_kivy_before_its_settings_is_told_so() -> None:
    script = (
        "from terminal.kiosk import environment\n"
        "environment.prepare(offscreen=True)\n"
        "import kivy.clock\n"
        "environment.open_window((480, 320), 'Fjes')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("Kivy was imported before environment.prepare() and environment.settle()")
