"""`fjes dashboard audit`: whether what was published tells of too few. The work is in `dashboard/audit.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from dashboard.audit import Audit, Finding
    from ratings.config import Dashboard


@click.command("audit")
@click.option(
    "--remember",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take in what this file remembers of earlier audits, and write down what is published now.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_database
def audit(dashboard: Dashboard, remember: Path | None, as_json: bool) -> None:
    """See whether all that was ever published, together, tells of fewer visitors than the threshold.

    Ends with 0 where it does not, else with 1. Changes nothing in the database.
    """
    from datetime import UTC, datetime

    from dashboard import audit_memory, store
    from dashboard.audit import audit

    try:
        before = audit_memory.load(remember) if remember else []
        with opened(dashboard.database) as engine, store.reading(engine) as connection:
            found = audit(connection, datetime.now(UTC), dashboard.threshold, before)
        if remember:
            audit_memory.save(remember, found.published)
    except audit_memory.ForgottenError as error:
        raise click.ClickException(str(error)) from None
    click.echo(_as_json(found) if as_json else _as_text(found))
    sys.exit(0 if found.passed else 1)


def _as_json(found: Audit) -> str:
    return json.dumps(
        {
            "passed": found.passed,
            "threshold": found.threshold,
            "published": len(found.published),
            "hidden": found.hidden,
            "not_covered": list(found.not_covered),
            "findings": [
                {
                    "site": each.site,
                    "question": each.question,
                    "what": each.what,
                    "low": each.low,
                    "high": each.high,
                    "figures": list(each.figures),
                }
                for each in found.findings
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _as_text(found: Audit) -> str:
    lines = [
        f"{len(found.published)} published figures and tables, {found.hidden} counts that are hidden, "
        f"threshold {found.threshold}."
    ]
    lines += [_told(each) for each in found.findings]
    if found.findings:
        lines.append(
            f"{len(found.findings)} found. What was read cannot be taken back: stop the pages, keep the database as it "
            "is, and report it (docs/disclosure.md says how to read this)."
        )
    else:
        lines.append("Nothing is told of fewer than the threshold.")
    lines += [f"Not covered, since its running counts are shown live: {site}." for site in found.not_covered]
    return "\n".join(lines)


def _told(finding: Finding) -> str:
    if finding.low is None:
        return f"{finding.site}, {finding.question}: {finding.what}."
    by = "".join(f"\n    {figure}" for figure in finding.figures)
    known = f"at least {finding.low}" if finding.high is None else f"between {finding.low} and {finding.high}"
    return f"{finding.site}, {finding.question}: {finding.what}: {known} ratings, which follows from{by}"
