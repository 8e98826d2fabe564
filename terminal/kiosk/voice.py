"""The kiosk's voice: says the question and names the faces, and tells which one it is naming.

Joins the recordings (what there is to play), the speaking (what is said when) and the player (what is heard). Knows no
window. Made once SDL's window is open, since SDL does not start twice at a time; one thread calls it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ratings import period as periods
from ratings.config import Config, Question
from ratings.period import Grain
from ratings.scale import Score
from terminal import recordings
from terminal.clock import Clock
from terminal.kiosk.sound import Player
from terminal.recordings import Recordings, RecordingsError
from terminal.speaking import Part, Speaking

LINGER = 10.0
"""Seconds for which the sound card is held after the last word: whoever listens twice is heard at once."""
AGAIN = 60.0
"""Seconds until a sound card that was not there is looked for again."""
_PATIENCE = 0.25
"""Seconds of the start that are given to the sound card; a slower one is found later."""

log = logging.getLogger("fjes.sound")


class Voice:
    """Speaks in those of the `languages` that have recordings. `shipped` is the folder of those that ship."""

    def __init__(
        self, config: Config, languages: Sequence[str], clock: Clock, shipped: Path = recordings.SHIPPED
    ) -> None:
        self._config = config
        self._candidates = tuple(languages)
        self._clock = clock
        self._shipped = shipped
        self._speaking = Speaking(clock)
        self._sets: dict[str, Recordings] = {}
        self._files: list[Path] = []
        self._card_until: float | None = None
        self._look_at: float | None = None
        self._started = False
        self._player: Player | None = None
        day = periods.local_day(clock.now(), config.terminal.zone)
        self._question = config.question_in(periods.period_of(Grain.MONTH, day))
        if config.sound.volume_percent == 0:
            return
        self._player = Player(config.sound.volume_percent, config.sound.device)
        self.ask(self._question)
        self._player.wait(_PATIENCE)
        self._heed(self._player)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that can be heard now, for the question that is asked: empty without a sound card, or at volume 0."""
        return tuple(self._sets) if self._player is not None and self._player.usable else ()

    @property
    def naming(self) -> Score | None:
        """The face that is named now, to be lit."""
        return self._speaking.naming

    @property
    def speaking(self) -> bool:
        """Whether something is said, pauses and all."""
        return self._speaking.active

    def ask(self, question: Question) -> None:
        """Another question is asked from now on: look for its recordings. Says once where there are none, and why.

        To be called when the calendar brings another question, never at a touch.
        """
        silent: dict[str, list[str]] = {}
        for language, error in self._find(question).items():
            silent.setdefault(error, []).append(language)
        for reason, languages in silent.items():
            # Where IT has put recordings, something is wrong; otherwise it is as it is.
            level = logging.INFO if self._config.sound.folder is None else logging.WARNING
            log.log(level, "no listen button in %s: %s", ", ".join(languages), reason)

    def speak(self, language: str, question: Question, order_of_scores: Sequence[Score]) -> None:
        """Say the question and name the faces, in this order, from the beginning. Without recordings: nothing."""
        if self._player is None:
            return
        self.hush()
        if question != self._question:
            # Without a line: it would tell when somebody wanted to listen.
            self._find(question)
        if language not in self.languages:
            return
        said = self._sets[language]
        faces = [(score, said.captions[score]) for score in order_of_scores]
        self._files = [said.question.path, *(recording.path for _, recording in faces)]
        self._speaking.start(
            [Part(None, said.question.seconds), *(Part(score, recording.seconds) for score, recording in faces)]
        )
        self._card_until = None
        self._player.play(self._files[0])

    def hush(self) -> None:
        """Be silent at once, whatever was said. To be called at every rating and at every choice of a language."""
        if self._player is not None and self._speaking.active:
            self._speaking.stop()
            self._player.stop()
            self._card_until = self._clock.monotonic() + LINGER

    def advance(self) -> None:
        """Time has passed: do what is due."""
        if self._player is None:
            return
        now = self._clock.monotonic()
        if self._speaking.advance():
            if self._speaking.part is not None:
                self._player.play(self._files[self._speaking.part])
            elif not self._speaking.active:
                self._card_until = now + LINGER
        if self._card_until is not None and now >= self._card_until:
            self._card_until = None
            self._player.rest()
        self._heed(self._player)

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `advance` will change something; None while nothing is due."""
        moments = (self._speaking.deadline(), self._card_until, self._look_at)
        return min((moment for moment in moments if moment is not None), default=None)

    def close(self) -> None:
        """Be silent, and give the sound card back."""
        if self._player is not None:
            self._speaking.stop()
            self._player.close()
            self._player = None

    def _find(self, question: Question) -> dict[str, str]:
        """Take the recordings of a question; returns by language why there are none."""
        self._question, self._sets = question, {}
        silent: dict[str, str] = {}
        only = len({each.id for each in self._config.questions}) == 1
        for language in self._candidates if self._player is not None else ():
            try:
                self._sets[language] = recordings.find(
                    language, question, self._config.sound.folder, only=only, shipped=self._shipped
                )
            except RecordingsError as error:
                silent[language] = str(error)
        return silent

    def _heed(self, player: Player) -> None:
        """See whether there is a sound card. Where there is none nothing is said, and it is looked for again later."""
        if player.usable:
            self._started, self._look_at = True, None
            return
        now = self._clock.monotonic()
        if player.problem:
            self._speaking.stop()
            if not self._started:
                # Only of the start: later a line would tell when somebody wanted to listen.
                self._started = True
                device = self._config.sound.device
                log.log(
                    logging.INFO if device is None else logging.WARNING,
                    "no listen button: %s cannot be opened (%s); connect headphones or a loudspeaker, name it as "
                    "device under [sound] (docs/sound.md), or set volume_percent = 0 there",
                    "a sound card" if device is None else f"[sound] device {device!r}",
                    player.problem,
                )
        if self._look_at is None:
            self._look_at = now + (AGAIN if player.problem else _PATIENCE)
        elif now >= self._look_at:
            self._look_at = now + AGAIN
            if player.problem:
                player.look()
