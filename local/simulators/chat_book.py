"""A chat as it stands on a user's telephone: both sides' messages, ticks, and whether the business is writing."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from local.simulators.journal import Journal
from local.simulators.media_shelf import MediaShelf
from local.simulators.meta_messages import Element
from local.simulators.sent_messages import Option, Reply, Seen
from local.simulators.webhook_delivery import MessageRefused
from local.simulators.whatsapp_user import WhatsAppUser

MOST_ENTRIES = 300
FAILED = "failed"
TICKS = ("sent", FAILED, "delivered", "read")
"""Of the user's own messages; each replaces those before it. Failed: the platform did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEntry:
    """One message.

    Attributes:
        number: its place in the chat; never changes.
        status: one of TICKS; empty for a message of the business.
        options: buttons, or rows of a list, that the user may choose.
        quotes: id of the message that it answers.
        media_id: the file that it carries, as the shelf knows it; `link` where it is an address instead.
        reference: what the page called its own message before it had an id.
    """

    id: str
    number: int
    is_mine: bool
    kind: str
    text: str
    at: str
    status: str = ""
    options: tuple[Option, ...] = ()
    is_list: bool = False
    quotes: str | None = None
    media_id: str | None = None
    link: str | None = None
    mime_type: str = ""
    reference: str = ""


class ChatBook:
    """The newest messages of one user; every change has a number, so that any page can ask for what it missed."""

    def __init__(self, user: WhatsAppUser, *, journal: Journal, shelf: MediaShelf) -> None:
        self.user = user
        self._journal = journal
        self._shelf = shelf
        self._entries: OrderedDict[str, ChatEntry] = OrderedDict()
        self._changed_at: dict[str, int] = {}
        self._typing_at = 0
        self._change = 0
        self._last_request = 0

    def changes(self, after: int) -> tuple[list[dict[str, Any]], int]:
        """What a page must be told that knows the chat up to change `after`, and the change up to which it knows it."""
        self._catch_up()
        changed = [each for each in self._entries.values() if self._changed_at[each.id] > after]
        events: list[dict[str, Any]] = [{"event": "entry", **asdict(each)} for each in changed]
        if self._typing_at > after:
            events.append({"event": "typing"})
        return events, self._change

    def find(self, message_id: str) -> ChatEntry | None:
        """The message with this id, if it is still kept."""
        return self._entries.get(message_id)

    async def write(self, element: Element, entry: ChatEntry) -> None:
        """Send a message of the user; its ticks follow. `entry` is how it looks in the chat."""
        self._put(entry)
        self._journal.bell.ring()
        try:
            await self.user.send(element)
        except (MessageRefused, httpx.HTTPError):
            self._tick(entry.id, FAILED)
        else:
            self._tick(entry.id, "delivered")
        self._journal.bell.ring()

    def own(self, element: Element, *, text: str, reference: str, quotes: str | None = None) -> ChatEntry:
        """The entry of a message that the user is about to send."""
        return ChatEntry(
            id=str(element["id"]),
            number=self._change + 1,
            is_mine=True,
            kind=str(element["type"]),
            text=text,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            status=TICKS[0],
            quotes=quotes,
            reference=reference,
        )

    def _catch_up(self) -> None:
        """Read what the platform has sent since the last look."""
        for request in self._journal.listed(after=self._last_request):
            self._last_request = int(str(request["number"]))
            noticed = self.user.read(request)
            if isinstance(noticed, Reply):
                self._put(self._of_business(noticed))
            elif isinstance(noticed, Seen):
                self._read_up_to(noticed.message_id)
                if noticed.is_typing:
                    self._change += 1
                    self._typing_at = self._change

    def _of_business(self, reply: Reply) -> ChatEntry:
        media = self._shelf.find(reply.media) if reply.media else None
        return ChatEntry(
            id=reply.provider_id,
            number=self._change + 1,
            is_mine=False,
            kind=reply.kind,
            text=reply.text,
            at=reply.at,
            options=reply.options,
            is_list=reply.is_list,
            quotes=reply.quotes,
            media_id=None if media is None else reply.media,
            link=reply.media if media is None else None,
            mime_type="" if media is None else media.mime_type,
        )

    def _read_up_to(self, message_id: str) -> None:
        """Reading a message reads what was written before it."""
        for each in list(self._entries.values()):
            if each.is_mine:
                self._tick(each.id, "read")
            if each.id == message_id:
                return

    def _tick(self, message_id: str, status: str) -> None:
        """Note how far a message came; ticks never go back, and a message that gave way has none."""
        entry = self._entries.get(message_id)
        if entry is not None and TICKS.index(status) > TICKS.index(entry.status):
            self._put(replace(entry, status=status))

    def _put(self, entry: ChatEntry) -> None:
        self._change += 1
        self._entries[entry.id] = entry
        self._changed_at[entry.id] = self._change
        while len(self._entries) > MOST_ENTRIES:
            oldest, _ = self._entries.popitem(last=False)
            del self._changed_at[oldest]
