"""What the business sends by WhatsApp, as Twilio's Message resource wants it written, and what it may hold.

Source: Twilio, "Message resource", "Send WhatsApp messages with media", "Location messages with WhatsApp",
"Send templates created with the Content Template Builder".
"""

from __future__ import annotations

import msgspec

from shared.domain.content import Content, FileContent, FileKind, Location, MessageTemplate, TextContent
from shared.domain.content_limits import ContentLimits, FileLimits
from shared.errors import InvalidContent

TEXT_LIMIT = 1600
_MEGABYTE = 1024 * 1024
_LONGEST_CAPTION = 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"

CONTENTS = ContentLimits(
    # Buttons and lists exist as templates of one's own only; without one they are numbered words.
    files={
        FileKind.IMAGE: FileLimits(
            mime_types=frozenset({"image/jpeg", "image/png"}),
            most_bytes=5 * _MEGABYTE,
            longest_caption=_LONGEST_CAPTION,
        ),
        FileKind.VIDEO: FileLimits(
            mime_types=frozenset({"video/mp4"}), most_bytes=16 * _MEGABYTE, longest_caption=_LONGEST_CAPTION
        ),
        FileKind.AUDIO: FileLimits(
            mime_types=frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
            most_bytes=16 * _MEGABYTE,
        ),
        FileKind.VOICE: FileLimits(mime_types=frozenset({"audio/ogg"}), most_bytes=16 * _MEGABYTE),
        FileKind.DOCUMENT: FileLimits(
            mime_types=frozenset(
                {
                    "application/pdf",
                    "application/msword",
                    "application/vnd.ms-excel",
                    "application/vnd.ms-powerpoint",
                    f"{_OFFICE}.wordprocessingml.document",
                    f"{_OFFICE}.spreadsheetml.sheet",
                    f"{_OFFICE}.presentationml.presentation",
                }
            ),
            most_bytes=16 * _MEGABYTE,
            longest_caption=_LONGEST_CAPTION,
        ),
    },
    locations=True,
    templates=True,
)


def form_of(content: Content) -> dict[str, str]:
    """The content's own fields.

    Raises:
        InvalidContent: it is of a kind that Twilio's Message resource cannot express.
    """
    if isinstance(content, TextContent):
        return {"Body": content.text}
    if isinstance(content, FileContent):
        return {"MediaUrl": content.link} | ({"Body": content.caption} if content.caption else {})
    if isinstance(content, Location):
        place = f"geo:{content.latitude},{content.longitude}"
        label = content.label
        return {
            "Body": label or f"{content.latitude}, {content.longitude}",
            "PersistentAction": f"{place}|{label}" if label else place,
        }
    if isinstance(content, MessageTemplate):
        # The content template knows its language itself.
        variables = {str(number): value for number, value in enumerate(content.variables, start=1)}
        return {"ContentSid": content.name, "ContentVariables": msgspec.json.encode(variables).decode()}
    raise InvalidContent("Twilio cannot send this.")
