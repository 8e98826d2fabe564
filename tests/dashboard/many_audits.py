"""The audit of thousands of random sites: `python -m tests.dashboard.many_audits --from 0 --count 3000`.

What `make test` does with some. Prints the seed of each site of which something is told that should not be, and ends
with 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys

from dashboard.audit import Finding, judge
from dashboard.audit_evidence import Books, records, whole_sites
from ratings.config import DEFAULT_QUESTION
from ratings.table import POOLED
from tests.dashboard.random_sites import Site, grow

THRESHOLDS = (5, 10, 17)


def judged(site: Site) -> list[Finding]:
    stored = {each: [table for table in site.stored(each) if table.days.last < site.today] for each in POOLED}
    books = Books(site.monthly, site.pieces, stored)
    told = records(site.blocks, site.trend, site.splits)
    return judge("Pro Sentret", DEFAULT_QUESTION, books, told, whole_sites(site.splits), site.threshold)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Audit many random sites.")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="SEED")
    parser.add_argument("--count", type=int, default=3000)
    asked = parser.parse_args()
    bad = 0
    for seed in range(asked.first, asked.first + asked.count):
        threshold = THRESHOLDS[seed % len(THRESHOLDS)]
        for finding in judged(grow(seed, threshold=threshold)):
            bad += 1
            print(f"seed {seed}, threshold {threshold}: {finding}", flush=True)  # noqa: T201
    print(f"{asked.count} random sites, {bad} findings")  # noqa: T201
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
