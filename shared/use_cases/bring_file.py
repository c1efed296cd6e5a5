"""The file of an outbound message, brought to where the channel wants it: into our hands, or behind an address."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.content import Content, FileContent, MessageTemplate, file_of
from shared.domain.content_limits import fit_file
from shared.domain.media import MediaFile
from shared.errors import Inapplicable, NotFound
from shared.ports.channel import ChannelCapabilities
from shared.ports.media import MediaStore

# Providers fetch at once, or a little later when they are busy.
_LINK_SECONDS = 3600


class BringFile:
    """Prepares a content with a file of ours for one channel."""

    def __init__(self, media: MediaStore) -> None:
        self._media = media

    async def __call__(self, content: Content, capabilities: ChannelCapabilities) -> tuple[Content, MediaFile | None]:
        """The content as the channel sends it, and the file if the channel takes uploads.

        Raises:
            Inapplicable: there is no such file, or the channel does not take one of this size or type.
            StoreUnavailable: the file cannot be had now.
        """
        wanted = file_of(content)
        if wanted is None or not wanted.key:
            return content, None
        try:
            file = await self._media.get(wanted.key)
        except NotFound as error:
            raise Inapplicable("There is no such file.") from error
        fitting = fit_file(wanted, file, capabilities.contents)
        if capabilities.contents.takes_uploads:
            return _with_file(content, fitting), replace(file, filename=fitting.filename or file.filename)
        link = await self._media.link(wanted.key, filename=fitting.filename or None, ttl_seconds=_LINK_SECONDS)
        return _with_file(content, replace(fitting, link=link)), None


def _with_file(content: Content, file: FileContent) -> Content:
    return replace(content, header_file=file) if isinstance(content, MessageTemplate) else file
