"""The words of a report, in Norwegian and English: its sentences, and what a reader must know beside them.

`fjes report`, the annual report's page and its PDF say it with this one module. Knows no database and no HTML.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.disclosure import Block, Shown
from dashboard.language import Words, runs
from dashboard.reports import SHARES, Report
from dashboard.statistics import Share
from dashboard.visits import Answered


def headline(report: Report, words: Words) -> list[str]:
    """The sentences that an annual report needs: each share with its base, so that it can be read one way only."""
    total = report.shown.total
    found = report.figures(total) if total else None
    if found is None or found.satisfied is None or found.very_satisfied is None:
        return [words("Nothing can be shown: hidden to protect visitors.")]
    of_all = words(
        "%(satisfied)s are satisfied; %(very)s are very satisfied.",
        satisfied=words.percent(found.satisfied.percent),
        very=words.percent(found.very_satisfied.percent),
    )
    base = words.many("Both are shares of the one rating.", "Both are shares of all %(n)s ratings.", found.n)
    among = found.very_satisfied_of_satisfied
    if among is not None:
        rest = words(
            "Of the %(n)s who are satisfied, %(very)s are very satisfied.",
            n=words.number(among.n),
            very=words.percent(among.percent),
        )
    elif found.satisfied_n == 0:
        rest = words("Nobody is satisfied, so there is no share of the satisfied.")
    else:
        rest = words("The share of the satisfied who are very satisfied is hidden to protect visitors.")
    return [f"{of_all} {base}", rest]


def sentence(report: Report, words: Words) -> str:
    """The same to copy into another text: with the place, and with exactly the months that the figures are of."""
    return words(
        "%(place)s, %(months)s: %(sentences)s",
        place=report.place or words("All sites"),
        months=covered(report, words),
        sentences=" ".join(headline(report, words)),
    )


def covered(report: Report, words: Words) -> str:
    """The months that the figures are of; where nothing is shown, those that were asked for."""
    return words.listed(block.days for block in report.shown.blocks) or words.months(report.shown.requested)


def notes(report: Report, words: Words) -> list[str]:
    """What a reader must know beside the figures: what is widened, hidden, missing or made up."""
    shown, total = report.shown, report.shown.total
    found: list[str] = []
    if report.simulated:
        found.append(words("These are simulated ratings, not those of real visitors."))
    if total and shown.widened:
        found.append(
            words(
                "Asked for: %(asked)s. Shown: %(shown)s, since months with few ratings are shown together only.",
                asked=words.months(shown.requested),
                shown=words.months(total.days),
            )
        )
    if report.hidden:
        found.append(words("%(months)s: hidden to protect visitors.", months=_capital(words.listed(report.hidden))))
    if report.running:
        found.append(words("%(months)s: not over yet.", months=_capital(words.listed(report.running))))
    return [*found, *left_out(shown, words)]


def left_out(shown: Shown, words: Words) -> list[str]:
    """Which sites are not in a sum of several, in which of its months, and why."""
    found: list[str] = []
    apart = dict(shown.apart)
    for name, months in shown.missing:
        together = apart.get(name, ())
        others = [month for month in months if month not in together]
        if together:
            found.append(
                words(
                    "%(site)s is left out of %(months)s: it has so few ratings that its months are shown "
                    "together only.",
                    site=name,
                    months=words.listed(together),
                )
            )
        if not months or (shown.total and runs(others) == [shown.total.days]):
            found.append(words("%(site)s is left out: it has no figure that may be shown.", site=name))
        elif others:
            found.append(words("%(site)s is left out of %(months)s.", site=name, months=words.listed(others)))
    return found


def response(answered: Sequence[Answered], whole: Sequence[Block], words: Words) -> list[str]:
    """How many visits were answered, and what is wrong with the numbers that staff entered; nothing where none were.

    `whole`: the blocks that the figures are of. Where the visits of some are not known, it says which are in the rate.
    """
    if not answered:
        return []
    found: list[str] = []
    known = [each for each in answered if not each.is_odd]
    n, visits = sum(each.n for each in known), sum(each.visits for each in known)
    if known:
        percent = 100 * n / visits
        rate = words.percent(percent, 0 if percent >= 1 else 1)
        of = {"n": words.number(n), "visits": words.number(visits), "percent": rate}
        if len(known) == len(whole):
            text = words("Response rate: %(n)s of %(visits)s visits answered, %(percent)s.", **of)
        else:
            text = words(
                "Response rate in %(months)s: %(n)s of %(visits)s visits answered, %(percent)s.",
                months=words.listed(each.days for each in known),
                **of,
            )
        counted = words("All visits are counted, so there is no interval.")
        found.append(f"{text} {counted}")
    return found + [too_many(each, words) for each in answered if each.is_odd]


def too_many(each: Answered, words: Words) -> str:
    """What is said where there are more ratings than visits."""
    return words(
        "%(months)s: more ratings than visits (%(n)s and %(visits)s): check the number.",
        months=_capital(words.months(each.days)),
        n=words.number(each.n),
        visits=words.number(each.visits),
    )


def as_text(report: Report, words: Words) -> str:
    """The figures for people: the sentence, the shares with base and interval, the blocks, and what is not shown."""
    total = report.shown.total
    span = total.days if total else report.shown.requested
    parts = [f"{report.place}, {words.months(span)}", "\n".join(headline(report, words))]
    if total:
        parts += [_shares(report, total, words), _blocks(report, words)]
        parts += ["\n".join(response(report.answered, report.shown.blocks, words))]
    parts += ["\n".join(notes(report, words))]
    if total:
        parts.append(meaning(words))
    return "\n\n".join(part for part in parts if part)


def method(report: Report, question: str, words: Words) -> list[tuple[str, str]]:
    """How the figures were found, for the small print of a report: headings and texts. `question`: its words."""
    total = report.shown.total
    found = [(words("Question"), question)]
    if total:
        n = words.number(sum(total.counts))
        text = words("%(n)s ratings in %(months)s.", n=n, months=covered(report, words))
        repeats = words("Presses set aside as repeats are in no percentage.")
        found.append((words("Ratings"), f"{text} {repeats}"))
    protection = words(
        "Nothing on fewer than %(n)s ratings is shown, and nothing from which such a figure could be worked out. "
        "Months with few ratings are shown together; what comes in late is shown once it is enough.",
        n=report.threshold,
    )
    return [*found, (words("How to read it"), meaning(words)), (words("Hidden figures"), protection)]


def meaning(words: Words) -> str:
    """What satisfied means, and what the intervals do and do not cover."""
    return words(
        "Satisfied = happy and very happy answers. Intervals are 95%% Wilson score intervals: "
        "they cover chance, not who chose to answer."
    )


def _shares(report: Report, total: Block, words: Words) -> str:
    found = report.figures(total)
    rows = [[words("Share"), "", words("95%% interval"), words("Base")]]
    labels = (words("Satisfied"), words("Very satisfied"), words("Very satisfied among the satisfied"))
    for label, name in zip(labels, SHARES, strict=True):
        share: Share | None = getattr(found, name)
        if share is None:
            rows.append([label, "–", "–", words.number(found.satisfied_n)])
            continue
        base = words("%(k)s of %(n)s", k=words.number(share.k), n=words.number(share.n))
        rows.append([label, words.percent(share.percent, 1), words.interval(share.low, share.high), base])
    return _aligned(rows)


def _blocks(report: Report, words: Words) -> str:
    rows = [
        [
            words("Months"),
            words("Very unhappy"),
            words("Unhappy"),
            words("Happy"),
            words("Very happy"),
            words("All"),
            words("Satisfied"),
            words("95%% interval"),
        ]
    ]
    for block in report.shown.blocks:
        found = report.figures(block)
        share = found.satisfied
        assert share is not None
        rows.append(
            [
                words.months(block.days),
                *map(words.number, block.counts),
                words.number(found.n),
                words.percent(share.percent, 1),
                words.interval(share.low, share.high),
            ]
        )
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns under each other: the first to the left, the rest to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
