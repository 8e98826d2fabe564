"""What a test of the touches found: from where fingers were wanted, and where the panel says that they were.

Points are shares of the upright picture, 0 to 1 from its top left corner. Knows no window. Five places, four of them
near the corners and as far from the one pair of edges as from the other, tell all eight ways apart in which a touch
layer can lie on its picture: four turns, and each of them mirrored.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ratings.sections import Turn
from terminal.kiosk.turning import SYMMETRIES, TURNS, Point, Symmetry

INSET = 1 / 8
"""How far the outer places are from the edges, as a share of the picture's width and height."""
PLACES: tuple[Point, ...] = (
    (INSET, INSET),
    (1 - INSET, INSET),
    (1 - INSET, 1 - INSET),
    (INSET, 1 - INSET),
    (0.5, 0.5),
)
"""Where fingers are wanted, one after the other."""
OFTEN = 2
"""So many touches of the five must have been doubled, or unsteady, to say it of the panel and not of a finger."""


class Finding(Enum):
    """What is the matter."""

    GOOD = "good"
    TURNED = "turned"
    MIRRORED = "mirrored"
    MISSED = "missed"
    ASTRAY = "astray"
    DOUBLED = "doubled"
    UNSTEADY = "unsteady"
    UNFINISHED = "unfinished"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and in short English lines what to do about it."""

    findings: tuple[Finding, ...]
    lines: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether touches work as they should."""
        return self.findings == (Finding.GOOD,)

    @property
    def text(self) -> str:
        """All lines, for a terminal."""
        return "\n".join(self.lines)


@dataclass(slots=True)
class Trial:
    """What the panel said so far. `rotation` and `touch_rotation` are the configuration it was asked under.

    `width`, `height` and `reach` are pixels: of the picture, and how far beside its place a touch still is on it.
    """

    width: int
    height: int
    reach: float
    rotation: Turn = 0
    touch_rotation: Turn | None = None
    touches: list[Point] = field(default_factory=list)
    """Where the panel says that the places were touched; in their order."""
    doubled: int = 0
    """How many of them came as two."""
    unsteady: int = 0
    """During how many of them the finger seemed to wander."""

    @property
    def complete(self) -> bool:
        """Whether every place was touched."""
        return len(self.touches) == len(PLACES)

    def landed(self, number: int, mapping: Symmetry = SYMMETRIES[0]) -> bool:
        """Whether the touch for a place, taken so, is on that place."""
        (x, y), (across, down) = PLACES[number], mapping(self.touches[number])
        return math.hypot((x - across) * self.width, (y - down) * self.height) <= self.reach

    def judge(self) -> Verdict:
        """The verdict; on what there is, where it is not complete."""
        if not self.touches:
            return Verdict((Finding.SILENT,), _SILENT)
        if not self.complete:
            said = f"Only {len(self.touches)} of {len(PLACES)} places were touched."
            return Verdict((Finding.UNFINISHED,), (said, "Run the test again."))
        verdicts = [self._where(), *self._how()]
        wrong = [each for each in verdicts if not each.passed] or verdicts
        return Verdict(
            tuple(finding for each in wrong for finding in each.findings),
            tuple(line for each in wrong for line in each.lines),
        )

    def _where(self) -> Verdict:
        """Whether touches are where they should be; else what would bring them there."""
        for mapping in SYMMETRIES:
            missed = [number for number in range(len(PLACES)) if not self.landed(number, mapping)]
            if not missed:
                return self._mapped(mapping)
            if len(missed) == 1:
                said = f"Touch {missed[0] + 1} was not where the others let expect it."
                return Verdict((Finding.MISSED,), (said, "Run the test again."))
        return Verdict((Finding.ASTRAY,), _ASTRAY)

    def _mapped(self, mapping: Symmetry) -> Verdict:
        """What to do where `mapping` takes every touch to its place."""
        if mapping == SYMMETRIES[0]:
            return Verdict((Finding.GOOD,), _GOOD)
        used = self.rotation if self.touch_rotation is None else self.touch_rotation
        # A touch of the panel is turned back by `used`, and then still wants `mapping`.
        whole = mapping.after(TURNS[used].back)
        for angle, turn in TURNS.items():
            if turn.back == whole:
                return Verdict((Finding.TURNED,), self._turned(angle))
        return Verdict((Finding.MIRRORED,), _mirrored(TURNS[self.rotation].after(whole)))

    def _turned(self, angle: Turn) -> tuple[str, ...]:
        head = "Touches are turned against the picture."
        if angle == self.rotation:
            return head, "Remove touch_rotation from [kiosk] in fjes.toml, and run the test again."
        return head, "Write into [kiosk] in fjes.toml, and run the test again:", f"touch_rotation = {angle}"

    def _how(self) -> list[Verdict]:
        found = []
        if self.doubled >= OFTEN:
            found.append(
                Verdict((Finding.DOUBLED,), (f"{self.doubled} touches of {len(PLACES)} came as two.", *_TWICE))
            )
        if self.unsteady >= OFTEN:
            said = f"During {self.unsteady} touches of {len(PLACES)} the finger seemed to wander."
            found.append(Verdict((Finding.UNSTEADY,), (said, *_UNSTEADY)))
        return found


def _mirrored(wanted: Symmetry) -> tuple[str, ...]:
    """What to tell the system, for touches to come as `wanted` makes them."""
    flags = [("invx", "inverted-x", wanted.invert_x), ("invy", "inverted-y", wanted.invert_y)]
    flags.append(("swapxy", "swapped-x-y", wanted.swap))
    short = ",".join(name for name, _, needed in flags if needed)
    long = ", ".join(f"touchscreen-{name}" for _, name, needed in flags if needed)
    return (
        "Touches are mirrored against the picture, which no rotation puts right.",
        "Remove touch_rotation from fjes.toml, and tell the system how the touch layer lies.",
        f"In config.txt, for the Raspberry Pi Touch Display: dtoverlay=vc4-kms-dsi-7inch,{short}",
        f"In the device tree of another panel: {long}",
        f'For udev, where there is a desktop or an X server: LIBINPUT_CALIBRATION_MATRIX="{_calibration(wanted)}"',
    )


def _calibration(wanted: Callable[[Point], Point]) -> str:
    """Two rows of three numbers, as libinput wants them: what x and y are made of, and what is added."""
    origin, right, below = wanted((0, 0)), wanted((1, 0)), wanted((0, 1))
    rows = [(right[axis] - origin[axis], below[axis] - origin[axis], origin[axis]) for axis in (0, 1)]
    return " ".join(f"{number:g}" for row in rows for number in row)


_GOOD = ("Touches land where the picture is.", "Nothing needs to be changed.")
_SILENT = (
    "No touch came.",
    "Check the panel's touch cable, and that the system knows it: libinput list-devices",
    "Without a desktop, the user that runs this has to be in the group input.",
)
_ASTRAY = (
    "Touches are neither where the picture is nor turned or mirrored.",
    "Calibrate the panel, and where there are several screens, tie its touches to the one it lies on.",
)
_TWICE = (
    "Look whether the system has the panel twice: libinput list-devices",
    "Look for a program that makes clicks of touches, and for too weak a power supply.",
)
_UNSTEADY = ("Clean and dry the glass, and look for too weak a power supply, or one without earth.",)
