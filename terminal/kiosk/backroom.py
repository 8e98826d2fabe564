"""The staff menu behind the visitors' screens: joins the corner that opens it, its pages, their picture and the tests.

The kiosk hands every touch and press to it first. While the menu is closed it takes none of them; while it is open it
takes all, so nothing is rated. Knows no ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ratings.config import Config, Question
from ratings.scale import Score
from terminal import health
from terminal.clock import Clock
from terminal.health import Around, Line
from terminal.kiosk import corner
from terminal.kiosk.corner import Corner
from terminal.kiosk.staff import Doors, Page, Staff
from terminal.kiosk.touch import Fingers, Key
from terminal.kiosk.words import words
from terminal.visit import State

if TYPE_CHECKING:
    # They import Kivy, which must not be imported before `environment.prepare`.
    from terminal.kiosk.lettering import Lettering
    from terminal.kiosk.staff_scene import StaffScene
    from terminal.kiosk.touch_test import TouchTest

OPENS_IN = (State.ASKING, State.CLOSED, State.OUT_OF_ORDER)
"""What visitors must be seeing for the menu to open: never what follows a rating."""


class Speaker(Protocol):
    """What the test of sound wants of the kiosk's voice."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that can be heard."""
        ...

    @property
    def speaking(self) -> bool:
        """Whether something is said."""
        ...

    def speak(self, language: str, question: Question, order_of_scores: Sequence[Score]) -> None:
        """Say the question and name the faces."""
        ...

    def hush(self) -> None:
        """Be silent."""
        ...


class Backroom:
    """The menu of one kiosk. One thread calls it; `wake` is called from any."""

    def __init__(self, config: Config, clock: Clock, wake: Callable[[], None]) -> None:
        self._config = config
        self._clock = clock
        self.voice: Speaker | None = None
        """Without one there is no test of sound."""
        self.buttons_answer = False
        """Whether hardware buttons were found: told by whoever opened them."""
        self.mistake: tuple[str, int | None] | None = None
        """Which file has a mistake now, and in which line, where the terminal goes by it as it last was."""
        self.question = config.questions[0]
        """The one that is asked now."""
        doors = Doors(
            look=self._look_around,
            wake=wake,
            spoken=lambda: self.voice.languages if self.voice else (),
            speak=self._speak,
            speaks=lambda: self.voice is not None and self.voice.speaking,
            hush=lambda: self.voice.hush() if self.voice else None,
            touch_test=True,
        )
        self._staff = Staff(config, clock, doors)
        self._corner = Corner(self._contacts)
        self._fingers = Fingers()
        self._over: Key | None = None
        self._size = (0, 0)
        self._order: tuple[Score, ...] = tuple(sorted(Score, reverse=True))
        self._scene: StaffScene | None = None
        self._touch_test: TouchTest | None = None
        self._shown: object = None

    @property
    def is_open(self) -> bool:
        """Whether the menu is on the screen."""
        return self._staff.is_open

    @property
    def staff(self) -> Staff:
        """The pages."""
        return self._staff

    @property
    def scene(self) -> StaffScene | None:
        """Their picture; None before the menu is first shown, and while it is closed."""
        return self._scene

    def configure(self, config: Config) -> None:
        """Go by another configuration from now on; an open menu closes."""
        self._config = config
        self._staff.configure(config)
        self._left()

    def arrange(self, width: int, height: int, order: Sequence[Score]) -> None:
        """The upright picture is so large now, and the faces come in this order."""
        if (self._size, self._order) != ((width, height), tuple(order)):
            self._size, self._order = (width, height), tuple(order)
            self._scene = self._touch_test = self._shown = None
            self._fingers.forget()
            self._corner.forget()

    def down(self, finger: int, x: float, y: float, *, free: bool, awake: bool) -> bool:
        """A finger was put down; `free` is whether on no button, `awake` whether it may count. Whether it is ours."""
        now = self._clock.monotonic()
        if not self.is_open:
            if self._staff.exists and awake:
                self._corner.put(finger, inside=free and self._in_corner(x, y), moment=now)
            return False
        self._staff.touched()
        if awake and self._touch_test is not None:
            if self._touch_test.touch(x, y, now):
                self._staff.back()
        elif awake:
            self._over = self._key(x, y)
            self._fingers.put(finger, self._over, now)
        return True

    def moved(self, finger: int, x: float, y: float) -> bool:
        """A finger moved. Whether it is ours."""
        if not self.is_open:
            self._corner.move(finger, inside=self._in_corner(x, y))
            return False
        self._over = self._key(x, y)
        return True

    def up(self, finger: int, x: float, y: float) -> bool:
        """A finger was lifted. Whether it is ours."""
        self._corner.lift(finger)
        if not self.is_open:
            return False
        now = self._clock.monotonic()
        if self._touch_test is not None:
            self._touch_test.lift(x, y, now)
        counts = self._fingers.lift(finger, self._key(x, y), now)
        self._over = None
        if isinstance(counts, Key):
            self._staff.press(counts)
        return True

    def button(self, score: Score) -> bool:
        """A hardware button was pressed. Whether it is ours: then it is no rating."""
        if not self.is_open:
            return False
        self._staff.button(score)
        return True

    def look(self, state: State) -> bool:
        """Time has passed, and visitors see `state`. Returns whether the menu opens now."""
        if not self.is_open:
            if not self._corner.look(self._clock.monotonic()) or state not in OPENS_IN:
                return False
            self._staff.open()
            return self.is_open
        self._staff.look()
        if self._touch_test is not None:
            self._touch_test.look(self._clock.monotonic())
        return False

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `look` will do something; None while nothing is due."""
        tested = self._touch_test.deadline if self._touch_test is not None else None
        moments = [self._corner.deadline(), self._staff.deadline(), tested]
        return min((moment for moment in moments if moment is not None), default=None)

    def show(self, canvas: Any, lettering: Lettering) -> bool:
        """Put what is to be seen on a canvas, where it has changed. Returns whether the menu is open."""
        if not self.is_open:
            if self._shown is not None:
                self._left()
            return False
        if (self._staff.page is Page.TOUCH) != (self._touch_test is not None):
            self._touch_test = self._make_touch_test(lettering) if self._staff.page is Page.TOUCH else None
            self._fingers.forget()
        if self._touch_test is not None:
            self._show_touch_test(canvas, self._touch_test)
            return True
        if self._scene is None:
            from terminal.kiosk.staff_scene import StaffScene

            names = {language: words(language).name for language in self._config.kiosk.languages}
            self._scene = StaffScene(*self._size, lettering, self._order, names)
        held = self._fingers.target
        view = self._staff.view(held if isinstance(held, Key) and held == self._over else None)
        if view != self._shown:
            self._scene.draw(canvas, view)
            self._shown = view
        return True

    def _left(self) -> None:
        """Nothing of the menu stays: its pictures are as large as the visitors'."""
        self._scene = self._touch_test = self._shown = None
        self._over = None
        self._fingers.forget()

    def _make_touch_test(self, lettering: Lettering) -> TouchTest:
        from terminal.kiosk.touch_test import TouchTest

        kiosk = self._config.kiosk
        return TouchTest(*self._size, lettering, kiosk.rotation, kiosk.touch_rotation)

    def _show_touch_test(self, canvas: Any, test: TouchTest) -> None:
        from kivy.graphics import Color, InstructionGroup

        if self._shown != (Page.TOUCH, test.stage):
            group = InstructionGroup()
            group.add(Color(1, 1, 1, 1))
            test.draw(group)
            canvas.clear()
            canvas.add(group)
            self._shown = (Page.TOUCH, test.stage)

    def _key(self, x: float, y: float) -> Key | None:
        if self._scene is None or self._touch_test is not None or not self.is_open:
            return None
        return self._scene.target(self._staff.view(), x, y)

    def _in_corner(self, x: float, y: float) -> bool:
        return corner.box(*self._size).holds(x, y)

    def _contacts(self) -> int:
        from terminal.kiosk import contacts

        return contacts.count()

    def _look_around(self) -> list[Line]:
        from terminal.kiosk import contacts

        around = Around(contacts.window_system(), *self._size, self.buttons_answer, self.mistake)
        return health.look(self._config, self._clock.now(), around)

    def _speak(self, language: str) -> None:
        if self.voice is not None:
            self.voice.speak(language, self.question, self._order)
