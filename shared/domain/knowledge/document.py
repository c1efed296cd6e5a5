"""Documents of an agent, and the passages that they are cut into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.sentence import split_sentences
from shared.errors import InvalidContent

PASSAGE_WORDS = 120
"""About as many words are in a passage: enough to answer from, few enough to be told from others."""

MOST_PASSAGES = 400
"""Of one document."""

MOST_DOCUMENTS = 200
"""Of one agent."""

MOST_PASSAGES_OF_AGENT = 2_000
"""Of all its documents: every question is compared with each of them."""

LARGEST_DOCUMENT_BYTES = 700_000
"""The load balancer hands a function at most a megabyte, in which bytes travel as base64."""

LONGEST_SENTENCE = 2_000
"""Characters; what goes on for longer without an end is a table or a list, and is cut between words."""

LONGEST_TITLE = 200
"""Characters of the title of a document or of a passage."""

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*")
_LIST_ITEM = re.compile(r"\s*(?:[-*+\u2022\u25cf]|\d{1,3}[.)])\s")
_BETWEEN = ": "


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Something an agent knows, as it was uploaded; its words are kept in passages.

    Attributes:
        sha256: of the uploaded bytes, in hexadecimal digits.
        updated_at: when its content was replaced last.
    """

    id: str
    agent_id: str
    title: str
    media_type: str
    sha256: str
    size_bytes: int
    passage_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPassage:
    """A part of a document that can be understood by itself. `title` is the headings above it."""

    title: str
    text: str
    id: str = ""

    @property
    def measured(self) -> str:
        """What a question is compared with."""
        return f"{self.title}. {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What is known of a document before it is kept."""

    agent_id: str
    title: str
    media_type: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPassage:
    """A passage with the vector of its meaning; an empty one where there is nothing to measure with."""

    passage: DocumentPassage
    embedding: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    paragraphs: tuple[str, ...]


def cut_into_passages(text: str, *, title: str) -> tuple[DocumentPassage, ...]:
    """The passages of a text, in its order; none crosses a heading or ends within a sentence.

    Headings are those of Markdown. What stands under none is titled as the document.

    Raises:
        InvalidContent: there are no words, or more than MOST_PASSAGES passages.
    """
    passages: list[DocumentPassage] = []
    for section in _sections(unicodedata.normalize("NFC", text).replace("\x00", " ").splitlines(), title):
        for part in _parts(section.paragraphs):
            passages.append(DocumentPassage(title=section.title, text=part))
            if len(passages) > MOST_PASSAGES:
                raise InvalidContent(f"The document has more than {MOST_PASSAGES} passages; upload it in parts.")
    if not passages:
        raise InvalidContent("The document has no text.")
    return tuple(passages)


def _sections(lines: Iterable[str], document_title: str) -> Iterator[_Section]:
    """What stands under each heading; a heading over nothing but the next one of its kind is a text itself."""
    headings: list[tuple[int, str]] = []
    body: list[str] = []
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is None or not heading["title"].strip("# \t"):
            body.append(line)
            continue
        level = len(heading["marks"])
        yield from _section(headings, body, document_title, is_followed=bool(headings) and level > headings[-1][0])
        headings = [(above, name) for above, name in headings if above < level]
        headings.append((level, _in_one_line(heading["title"])))
        body = []
    yield from _section(headings, body, document_title, is_followed=False)


def _section(
    headings: list[tuple[int, str]], body: list[str], document_title: str, *, is_followed: bool
) -> Iterator[_Section]:
    paragraphs = tuple(_paragraphs(body))
    if not paragraphs and headings and not is_followed:
        paragraphs = (headings[-1][1],)
    if paragraphs:
        path = _BETWEEN.join(name for _, name in headings) or document_title
        # The nearest headings say most.
        yield _Section(title=path[-LONGEST_TITLE:].strip(), paragraphs=paragraphs)


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Paragraphs and list items, each in one line however it was broken."""
    current: list[str] = []
    for line in (*lines, ""):
        if current and (not line.strip() or _LIST_ITEM.match(line)):
            yield _in_one_line(" ".join(current))
            current = []
        if line.strip():
            current.append(line)


def _parts(paragraphs: tuple[str, ...]) -> Iterator[str]:
    """Paragraphs joined while they are short, and cut between sentences where they are long."""
    current: list[str] = []
    words = 0
    for paragraph in paragraphs:
        pieces = [paragraph] if _fits(paragraph) else _sentences(paragraph)
        for piece in pieces:
            count = len(piece.split())
            if current and (words + count > PASSAGE_WORDS or not _fits("\n".join((*current, piece)))):
                yield _joined(current)
                current, words = [], 0
            current.append(piece)
            words += count
        current.append("\n")
    if words:
        yield _joined(current)


def _fits(text: str) -> bool:
    return len(text) <= LONGEST_SENTENCE and len(text.split()) <= PASSAGE_WORDS


def _joined(pieces: list[str]) -> str:
    """Sentences go on in their line; paragraphs begin a new one."""
    return re.sub(r" *\n *", "\n", " ".join(pieces)).strip()


def _sentences(paragraph: str) -> Iterator[str]:
    for sentence in split_sentences(paragraph):
        rest = sentence
        while len(rest) > LONGEST_SENTENCE:
            end = rest.rfind(" ", 1, LONGEST_SENTENCE)
            end = LONGEST_SENTENCE if end < 0 else end
            yield rest[:end].strip()
            rest = rest[end:].strip()
        yield rest


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
