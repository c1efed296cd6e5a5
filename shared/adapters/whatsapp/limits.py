"""What a WhatsApp message may hold.

Source: WhatsApp Business Platform, "Interactive reply buttons messages", "Interactive list messages", "Media".
"""

from __future__ import annotations

from shared.domain.content import FileKind
from shared.domain.content_limits import ContentLimits, FileLimits, OptionLimits

TEXT_LIMIT = 4096
_LONGEST_CAPTION = 1024
_MEGABYTE = 1024 * 1024
_KILOBYTE = 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"

FILES = {
    FileKind.IMAGE: FileLimits(
        mime_types=frozenset({"image/jpeg", "image/png"}),
        most_bytes=5 * _MEGABYTE,
        longest_caption=_LONGEST_CAPTION,
    ),
    FileKind.VIDEO: FileLimits(
        mime_types=frozenset({"video/mp4", "video/3gpp"}),
        most_bytes=16 * _MEGABYTE,
        longest_caption=_LONGEST_CAPTION,
    ),
    FileKind.AUDIO: FileLimits(
        mime_types=frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        most_bytes=16 * _MEGABYTE,
    ),
    # Larger ones are shown as files, without the play button.
    FileKind.VOICE: FileLimits(mime_types=frozenset({"audio/ogg"}), most_bytes=512 * _KILOBYTE),
    FileKind.DOCUMENT: FileLimits(
        mime_types=frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                f"{_OFFICE}.wordprocessingml.document",
                f"{_OFFICE}.spreadsheetml.sheet",
                f"{_OFFICE}.presentationml.presentation",
            }
        ),
        most_bytes=100 * _MEGABYTE,
        longest_caption=_LONGEST_CAPTION,
    ),
    # An animated one; one that does not move may have 100 KB.
    FileKind.STICKER: FileLimits(mime_types=frozenset({"image/webp"}), most_bytes=500 * _KILOBYTE),
}

CONTENTS = ContentLimits(
    choices=OptionLimits(
        most=3, longest_id=256, longest_title=20, longest_text=1024, longest_header=60, longest_footer=60
    ),
    menu=OptionLimits(
        most=10,
        longest_id=200,
        longest_title=24,
        longest_description=72,
        longest_section_title=24,
        longest_text=1024,
        longest_header=60,
        longest_footer=60,
        longest_opener=20,
    ),
    files=FILES,
    takes_uploads=True,
    locations=True,
    reactions=True,
    templates=True,
    template_parts=True,
)
