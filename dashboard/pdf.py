"""A document of ours as a PDF, by WeasyPrint: tagged for screen readers, with a title and a language.

Nothing is fetched from anywhere: the only addresses that lead somewhere are those of our own static files. Knows no
figures.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from threading import Lock

from dashboard import typeface

STATIC = Path(__file__).parent / "static"
_HERE = "https://fjes.invalid"
"""Where a document believes to be: nobody can be there (RFC 2606)."""

_KINDS = {".css": "text/css", ".svg": "image/svg+xml"}
_lock = Lock()
"""It takes a second of a processor: one at a time, and the pages go on."""

# It tells of every rule of a stylesheet that it does not know. Files that are missing are errors.
logging.getLogger("weasyprint").setLevel(logging.ERROR)


def made(html: str) -> bytes:
    """The PDF of a document whose style is in our static files."""
    with _lock:
        return _made(html)


@lru_cache(maxsize=32)
def _made(html: str) -> bytes:
    # Takes a third of a second to import, and only this needs it.
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OurFiles(URLFetcher):  # type: ignore[misc]
        """Hands out static files by their addresses, and the whole typeface, since it is cut down again anyway."""

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            """The file of an address. Raises FatalURLFetchingError for every other: then there is no PDF."""
            folder, _, name = url.rpartition("/")
            if folder == f"{_HERE}/static":
                for weight, file in typeface.WEIGHTS.items():
                    if name == f"noto-sans-{weight}.woff":
                        return URLFetcherResponse(url, (typeface.FOLDER / file).read_bytes(), {})
                file_ = STATIC / name
                if file_.suffix in _KINDS and file_.is_file():
                    return URLFetcherResponse(url, file_.read_bytes(), {"Content-Type": _KINDS[file_.suffix]})
            raise FatalURLFetchingError(f"a document of ours may not ask for {url!r}")

    document = HTML(string=html, base_url=f"{_HERE}/", url_fetcher=OurFiles())
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
