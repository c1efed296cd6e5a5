"""The files that come with a question, in the forms that chat models take.

Source: Amazon Bedrock API reference, "ImageBlock" and "DocumentBlock"; OpenAI API reference, "Create chat completion".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain.guardrails.enclosing import enclose
from shared.domain.json_value import JSON
from shared.domain.media import MediaFile, family_of, plain_type
from shared.domain.prompt import Enclosed, Prompt

_LARGEST_IMAGE_BYTES = 3_750_000
_LARGEST_DOCUMENT_BYTES = 4_500_000
_LARGEST_QUOTED_BYTES = 20_000

IMAGE_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
TEXT_FORMATS = {"text/plain": "txt", "text/csv": "csv", "text/markdown": "md"}
DOCUMENT_FORMATS = TEXT_FORMATS | {
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}

QUOTED = dict.fromkeys(TEXT_FORMATS, _LARGEST_QUOTED_BYTES)
"""What every model of language reads, because it can be quoted to it."""
IMAGES = dict.fromkeys(IMAGE_FORMATS, _LARGEST_IMAGE_BYTES)
DOCUMENTS = dict.fromkeys(DOCUMENT_FORMATS, _LARGEST_DOCUMENT_BYTES)

_WITHOUT_WORDS = "(I send you this without words.)"
_IN_WORDS = {"image": "an image", "audio": "a sound file", "video": "a video"}


def fitted(prompt: Prompt, reads: Mapping[str, int]) -> Prompt:
    """The prompt as a model that reads only this can take it: it is told of the rest, not shown it."""
    files = prompt.enclosed.files
    shown = tuple(file for file in files if len(file.content) <= reads.get(plain_type(file.mime_type), -1))
    if len(shown) == len(files):
        return prompt
    hidden = tuple(plain_type(file.mime_type) for file in files if file not in shown)
    return replace(prompt, enclosed=Enclosed(files=shown, unread=(*prompt.enclosed.unread, *hidden)))


def question_text(prompt: Prompt) -> str:
    """What the user said, and a word on files that the model is not shown; empty if there is nothing at all."""
    enclosed = prompt.enclosed
    question = prompt.question.strip() or (_WITHOUT_WORDS if enclosed.files else "")
    if not enclosed.unread:
        return question
    unread = ", ".join(_IN_WORDS.get(family_of(mime_type), "a document") for mime_type in enclosed.unread)
    return f"{question}\n(With this I sent {unread}, which you cannot see.)".strip()


def with_quotations(prompt: Prompt) -> Prompt:
    """The same prompt with its text files quoted in the question."""
    texts = [file for file in prompt.enclosed.files if plain_type(file.mime_type) in TEXT_FORMATS]
    if not texts:
        return prompt
    quoted = (enclose("file", file.content.decode("utf-8", "replace").strip()) for file in texts)
    others = tuple(file for file in prompt.enclosed.files if file not in texts)
    question = "\n".join((prompt.question.strip() or _WITHOUT_WORDS, *quoted))
    return replace(prompt, question=question, enclosed=replace(prompt.enclosed, files=others))


def image_parts(files: tuple[MediaFile, ...]) -> list[JSON]:
    """Images as the parts of a message that OpenAI's chat completions take."""
    return [
        {"type": "image_url", "image_url": {"url": f"data:{plain_type(file.mime_type)};base64,{_base64(file)}"}}
        for file in files
    ]


# boto3's own form of a request.
def converse_blocks(files: tuple[MediaFile, ...]) -> list[dict[str, Any]]:
    """Images and documents as the content blocks of Converse.

    Documents are numbered, not called by their names: Converse allows few characters in a name and warns that a model
    may take it for an order.
    """
    return [_converse_block(number, file) for number, file in enumerate(files, start=1)]


def _converse_block(number: int, file: MediaFile) -> dict[str, Any]:
    mime_type = plain_type(file.mime_type)
    source = {"bytes": file.content}
    if mime_type in IMAGE_FORMATS:
        return {"image": {"format": IMAGE_FORMATS[mime_type], "source": source}}
    return {"document": {"format": DOCUMENT_FORMATS[mime_type], "name": f"document-{number}", "source": source}}


def _base64(file: MediaFile) -> str:
    return base64.b64encode(file.content).decode()
