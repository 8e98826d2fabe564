"""`fjes terminal recordings`: one terminal's own question, spoken, for IT to listen to and to replace."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Its fjes.toml."
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    required=True,
    help="Where the recordings go, a folder for each language.",
)
@click.option("--replace", is_flag=True, help="Write over recordings that are there, also those of people.")
def recordings(config_file: Path, folder: Path, replace: bool) -> None:
    """Let the computer's voice say what this terminal asks, in each of its languages that has a usable voice."""
    from ratings import config
    from terminal.kiosk import voices
    from terminal.kiosk.words import WordsError
    from terminal.recordings import question_names

    settings = config.load(config_file)
    # By its id, so that none is said in place of another when the month comes that it is asked in.
    questions = {question_names(question, only=False)[0]: question for question in settings.questions}
    spoken = [language for language in settings.kiosk.languages if language in voices.VOICES]
    try:
        texts = {language: voices.said(language, questions) for language in spoken}
        paths = [folder / language / f"{name}.ogg" for language in spoken for name in texts[language]]
        there = [path for path in paths if path.exists()]
        if there and not replace:
            raise click.ClickException(
                f"{there[0]}{f' and {len(there) - 1} more' if there[1:] else ''} would be written over; name another "
                "folder with --to, or say --replace. Nothing was written."
            )
        for language in spoken:
            made = voices.render(language, texts[language], folder / language)
            click.echo(f"{language}: {', '.join(path.name for path in made)}")
    except (voices.VoicesError, WordsError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{folder}: cannot be written ({error.strerror or error}); name another") from None
    for language in settings.kiosk.languages:
        if language not in spoken:
            click.echo(f"{language}: no usable voice; record these files yourself: docs/sound.md says how")
    if spoken:
        click.echo(
            f'Listen to them all, replace what sounds wrong, and set folder = "{folder.resolve()}" under [sound].'
        )
