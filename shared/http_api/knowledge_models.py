"""Documents of agents as the API shows them, and what a question finds in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.agent import Passage
from shared.domain.knowledge.document import Document, DocumentPassage
from shared.http_api import knowledge_examples as examples
from shared.http_api.fields import Time

MOST_FOUND = 20


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class DocumentView(_View):
    """A document of an agent."""

    id: str
    agent_id: str
    title: str
    media_type: str
    sha256: str = Field(description="Of the uploaded bytes.")
    size_bytes: int
    passage_count: int = Field(description="How many parts it was cut into, by which it is found.")
    created_at: Time
    updated_at: Time


class PassageView(_View):
    """A part of a document; agents are shown those that fit a question."""

    id: str
    title: str = Field(description="The headings above it.")
    text: str


class DocumentDetailView(DocumentView):
    """A document with some of its passages, in its order."""

    passages: list[PassageView]
    next_cursor: int | None = Field(description="Send it as `cursor` for the passages after; null after the last.")

    @classmethod
    def of(cls, document: Document, passages: tuple[DocumentPassage, ...], *, cursor: int) -> DocumentDetailView:
        """The view of a document and the passages from `cursor` on."""
        end = cursor + len(passages)
        return cls(
            **DocumentView.model_validate(document).model_dump(),
            passages=[PassageView.model_validate(passage) for passage in passages],
            next_cursor=end if passages and end < document.passage_count else None,
        )


class KnowledgeQuestion(BaseModel):
    """What somebody might ask."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.QUESTION]})

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    limit: int = Field(default=4, ge=1, le=MOST_FOUND)


class FoundPassageView(BaseModel):
    """A passage that fits the question."""

    passage_id: str
    document_id: str | None = Field(description="Null for what was not uploaded as a document.")
    title: str
    text: str
    score: float = Field(
        description="-1 to 1, on the scale of an agent's `answer_threshold`: the better of similarity of meaning and of"
        " words in common, and a little more where they agree."
    )


class FoundView(BaseModel):
    """What was found, best first."""

    passages: list[FoundPassageView]

    @classmethod
    def of(cls, passages: tuple[Passage, ...]) -> FoundView:
        """The view of passages."""
        return cls(
            passages=[
                FoundPassageView(
                    passage_id=passage.id,
                    document_id=passage.document_id,
                    title=passage.title,
                    text=passage.text,
                    score=round(passage.score, 3),
                )
                for passage in passages
            ]
        )
