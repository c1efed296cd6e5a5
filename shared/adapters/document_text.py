"""DocumentReader for plain text, Markdown, CSV, HTML and PDF."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from shared.errors import InvalidContent

MOST_PAGES = 200
LONGEST_TEXT = 2_000_000
"""Characters; more than fits into all the passages that a document may have."""

_PDF_SECONDS = 15.0
_CHARSETS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252"})
_UNREAD_TAGS = frozenset({"script", "style", "template", "noscript", "head", "svg"})
_BLOCK_TAGS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "details", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
_DELIMITERS = ",;\t|"


class DocumentTextReader:
    """Implements `DocumentReader`."""

    async def read(self, content: bytes, *, media_type: str, charset: str) -> str:
        """See `DocumentReader.read`. A PDF is read page by page for at most 15 seconds, on a thread."""
        if media_type == "application/pdf":
            return await asyncio.to_thread(_read_pdf, content)
        read = _READERS.get(media_type)
        if read is None:
            known = ", ".join((*_READERS, "application/pdf"))
            raise InvalidContent(f"Documents of this type are not read; send one of {known} as the Content-Type.")
        text = read(_decoded(content, charset))
        if len(text) > LONGEST_TEXT:
            raise InvalidContent(f"The document has more than {LONGEST_TEXT} characters; upload it in parts.")
        return text


def _decoded(content: bytes, charset: str) -> str:
    if charset.lower() not in _CHARSETS:
        raise InvalidContent(f"The charset is none of {', '.join(sorted(_CHARSETS))}.")
    try:
        text = content.decode("utf-8-sig" if charset.lower() == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise InvalidContent("The document is not in the charset that its Content-Type states, or UTF-8.") from error
    if "\x00" in text:
        raise InvalidContent("The document is not text.")
    return text


def _read_as_it_is(text: str) -> str:
    return text


def _read_csv(text: str) -> str:
    """A sentence for each row, each cell behind the name of its column."""
    header, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=lambda one: (header.count(one), -_DELIMITERS.index(one)))
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise InvalidContent("The document cannot be read as CSV.") from error
    if len(rows) < 2:  # noqa: PLR2004 - a header says nothing by itself
        return text
    names, *values = rows
    return "\n\n".join(_row_as_sentence(names, row) for row in values)


def _row_as_sentence(names: list[str], row: list[str]) -> str:
    named = ((names[place].strip() if place < len(names) else "", cell) for place, cell in enumerate(row))
    cells = [f"{name}: {' '.join(cell.split())}" if name else cell.strip() for name, cell in named if cell.strip()]
    return f"{'; '.join(cells)}."


class _PageText(HTMLParser):
    """Collects what a reader of the page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - given by the base
        if tag in _UNREAD_TAGS:
            self._unread += 1
        elif tag == "body":
            self._unread = 0
        elif re.fullmatch("h[1-6]", tag):
            self.pieces.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag in {"td", "th"}:
            self.pieces.append(" ")
        elif tag in _BLOCK_TAGS:
            self.pieces.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD_TAGS:
            self._unread = max(0, self._unread - 1)
        elif tag in _BLOCK_TAGS - {"td", "th", "br", "li"}:
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _read_html(text: str) -> str:
    page = _PageText()
    page.feed(text)
    page.close()
    return "".join(page.pieces)


def _read_pdf(content: bytes) -> str:
    """The text of all pages; compatibility forms such as ligatures are spelt out.

    pypdf raises many kinds of errors on damaged files, some of them not its own.
    """
    try:
        text = "\n\n".join(_pages(content))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise InvalidContent("The PDF cannot be read.") from error
    except (NotImplementedError, ImportError) as error:
        raise InvalidContent("The PDF is locked, or packed in a way that is not read.") from error
    if not text.strip():
        raise InvalidContent("The PDF has no text; pages that are pictures are not read.")
    return text


def _pages(content: bytes) -> Iterator[str]:
    give_up_at = time.monotonic() + _PDF_SECONDS
    reader = PdfReader(io.BytesIO(content))
    # Many files are locked against printing only, by an empty password.
    if reader.is_encrypted and not reader.decrypt(""):
        raise InvalidContent("The PDF is locked by a password.")
    if len(reader.pages) > MOST_PAGES:
        raise InvalidContent(f"The PDF has more than {MOST_PAGES} pages; upload it in parts.")
    length = 0
    for page in reader.pages:
        text = unicodedata.normalize("NFKC", page.extract_text())
        length += len(text)
        if time.monotonic() > give_up_at or length > LONGEST_TEXT:
            raise InvalidContent("The PDF takes too long to read; upload it in parts.")
        yield text


_READERS: dict[str, Callable[[str], str]] = {
    "text/plain": _read_as_it_is,
    "text/markdown": _read_as_it_is,
    "text/csv": _read_csv,
    "text/html": _read_html,
}
