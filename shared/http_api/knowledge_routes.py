"""Operations on what agents know: documents, and what a question finds in them."""

# No postponed annotations here: FastAPI could not resolve the dependencies that are local to a function.
from email.message import Message
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import StringConstraints

from shared import errors
from shared.domain.knowledge.document import LONGEST_TITLE
from shared.http_api import agent_examples
from shared.http_api import knowledge_examples as examples
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import Identifier, Slug
from shared.http_api.history_examples import page
from shared.http_api.knowledge_models import DocumentDetailView, DocumentView, FoundView, KnowledgeQuestion
from shared.use_cases.edit_documents import EditDocuments, SearchKnowledge, Upload

PASSAGES_OF_A_PAGE = 100
AgentId = Annotated[Slug, PathParameter(examples=[agent_examples.AGENT["id"]])]
DocumentId = Annotated[Identifier, PathParameter(examples=[examples.DOCUMENT["id"]])]
_TITLE = StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE, pattern=r"^[^\x00-\x1f]*$")
_title = Query(description="What it is called where it is cited.", examples=[examples.DOCUMENT["title"]])
_with_input = fails_with(errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)
_uploads = fails_with(errors.NotFound, errors.TooLarge, errors.ModelUnavailable, errors.StoreUnavailable) | _with_input
_unchanged: dict[int | str, dict[str, Any]] = {
    200: {
        **succeeds_with(examples.DOCUMENT, description="The agent has this content already; nothing changed.")[200],
        "model": Success[DocumentView],
    }
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, at most 700,000 bytes, with its type in `Content-Type`.",
        "content": {
            **{media_type: {"schema": {}, "example": text} for media_type, text in examples.UPLOADS.items()},
            "application/pdf": {"schema": {}},
        },
    }
}


async def _upload(request: Request, title: Annotated[str, _TITLE, _title] | None = None) -> Upload:
    """The file that is the request's body."""
    stated = Message()
    stated["content-type"] = request.headers.get("content-type", "")
    return Upload(
        title=title or "",
        media_type=stated.get_content_type() if request.headers.get("content-type") else "",
        charset=stated.get_content_charset("utf-8"),
        content=await request.body(),
    )


async def _new_upload(request: Request, title: Annotated[str, _TITLE, _title]) -> Upload:
    return await _upload(request, title)


NewUpload = Annotated[Upload, Depends(_new_upload)]
ReadUpload = Annotated[Upload, Depends(_upload)]


def knowledge_routes(edit_documents: EditDocuments, search_knowledge: SearchKnowledge) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(prefix="/agents/{agent_id}", tags=["knowledge"])

    @router.get(
        "/documents", responses=succeeds_with(page(examples.DOCUMENT)) | fails_with(errors.NotFound) | _with_input
    )
    async def list_documents(agent_id: AgentId) -> Success[ItemPage[DocumentView]]:
        """List the documents of an agent, the oldest first."""
        documents = [DocumentView.model_validate(document) for document in await edit_documents.all(agent_id)]
        return Success(data=ItemPage[DocumentView](items=documents, next_cursor=None))

    @router.post(
        "/documents",
        status_code=201,
        responses=succeeds_with(examples.DOCUMENT, status=201) | _unchanged | _uploads,
        openapi_extra=_FILE,
    )
    async def add_document(agent_id: AgentId, upload: NewUpload, response: Response) -> Success[DocumentView]:
        """Add a document: plain text, Markdown, CSV, HTML or PDF, by its `Content-Type`.

        It is cut into passages at headings, paragraphs and sentences, and is known to the agent from the next message
        on.
        """
        document, is_new = await edit_documents.add(agent_id, upload)
        response.status_code = 201 if is_new else 200
        response.headers["location"] = f"/api/v1/agents/{agent_id}/documents/{document.id}"
        return Success(data=DocumentView.model_validate(document))

    @router.get(
        "/documents/{document_id}",
        responses=succeeds_with(examples.DOCUMENT_WITH_PASSAGES) | fails_with(errors.NotFound) | _with_input,
    )
    async def read_document(
        agent_id: AgentId,
        document_id: DocumentId,
        cursor: Annotated[int, Query(ge=0, le=1_000_000, description="`next_cursor` of the page before.")] = 0,
        limit: Annotated[int, Query(ge=1, le=PASSAGES_OF_A_PAGE)] = PASSAGES_OF_A_PAGE,
    ) -> Success[DocumentDetailView]:
        """Read one document with its passages, as agents are shown them."""
        document, passages = await edit_documents.read(agent_id, document_id, after=cursor, limit=limit)
        return Success(data=DocumentDetailView.of(document, passages, cursor=cursor))

    @router.put(
        "/documents/{document_id}",
        responses=succeeds_with(examples.DOCUMENT) | fails_with(errors.VersionConflict) | _uploads,
        openapi_extra=_FILE,
    )
    async def replace_document(agent_id: AgentId, document_id: DocumentId, upload: ReadUpload) -> Success[DocumentView]:
        """Replace what a document says; it keeps its title unless a new one is given. Its meaning is measured anew."""
        return Success(data=DocumentView.model_validate(await edit_documents.replace(agent_id, document_id, upload)))

    @router.delete("/documents/{document_id}", status_code=204, responses=fails_with(errors.NotFound) | _with_input)
    async def remove_document(agent_id: AgentId, document_id: DocumentId) -> None:
        """Remove a document; what was cited from it stays in the history by its title."""
        await edit_documents.remove(agent_id, document_id)

    @router.post(
        "/knowledge/search", responses=succeeds_with(examples.FOUND) | fails_with(errors.NotFound) | _with_input
    )
    async def find_passages(agent_id: AgentId, asked: KnowledgeQuestion) -> Success[FoundView]:
        """Show which passages a question would find, and how well they fit; nothing is sent."""
        return Success(data=FoundView.of(await search_knowledge(agent_id, asked.question, limit=asked.limit)))

    return router
