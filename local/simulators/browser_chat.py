"""WhatsApp in the browser: a page is one user's telephone, the simulator is Meta.

One WebSocket is one open chat. The page sends `text`, `choose` and `file`; it is told every message of the chat as an
`entry`, again whenever it changes, `ready` behind those that were there already, `typing`, and `problem`.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict

import httpx
import msgspec
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.simulators.chat_book import ChatBook
from local.simulators.chat_messages import ChooseOption, Composer, SendFile, SendText, UnknownThing, Wanted
from local.simulators.console_origin import console_origins, refusal
from local.simulators.graph_media import media_address
from local.simulators.journal import Journal
from local.simulators.media_shelf import MediaShelf
from local.simulators.settings import SimulatorSettings
from local.simulators.webhook_delivery import WebhookDelivery
from local.simulators.whatsapp_user import WhatsAppNumber, WhatsAppUser

MOST_BOOKS = 200
MOST_PAGES = 50
LONGEST_NAME = 60
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)
USER = re.compile(r"[1-9][0-9]{7,14}")
INVALID_MESSAGE = 1007
TRY_AGAIN_LATER = 1013

_decoder = msgspec.json.Decoder(SendText | ChooseOption | SendFile)


class BrowserChat:
    """Where pages of the console chat."""

    def __init__(
        self, settings: SimulatorSettings, *, journal: Journal, shelf: MediaShelf, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._origins = console_origins(settings.base_url)
        self._journal = journal
        self._shelf = shelf
        self._composer = Composer(shelf, address=lambda media_id: media_address(settings, media_id))
        self._client = client
        self._books: OrderedDict[str, ChatBook] = OrderedDict()
        self._pages = 0

    def routes(self) -> list[BaseRoute]:
        """One: `/whatsapp/socket?user=919845012345&name=Asha`."""
        return [WebSocketRoute("/whatsapp/socket", self._serve)]

    def _number(self) -> WhatsAppNumber:
        """The business's number, with the secret of this moment."""
        settings = self._settings
        return WhatsAppNumber(
            base_url=settings.base_url,
            simulator_url=settings.simulator_url,
            app_secret=settings.whatsapp_app_secret,
            phone_number_id=settings.whatsapp_phone_number_id,
            display_phone_number=settings.whatsapp_display_phone_number,
            business_account_id=settings.whatsapp_business_account_id,
        )

    async def _serve(self, socket: WebSocket) -> None:
        user, name = socket.query_params.get("user", ""), socket.query_params.get("name", "")
        wrong = refusal(socket.headers.get("origin"), self._origins, is_valid=bool(USER.fullmatch(user)))
        if wrong is not None:
            await socket.send_denial_response(wrong)
            return
        await socket.accept()
        if self._pages >= MOST_PAGES:
            await socket.close(TRY_AGAIN_LATER)
            return
        self._pages += 1
        try:
            await OpenChat(socket, self._book(user, name[:LONGEST_NAME]), self._journal, self._composer).run()
        finally:
            self._pages -= 1

    def _book(self, user: str, name: str) -> ChatBook:
        book = self._books.get(user)
        if book is None:
            whatsapp_user = WhatsAppUser(
                self._number(),
                wa_id=user,
                name=name or user,
                delivery=WebhookDelivery(retry_seconds=RETRY_SECONDS),
                client=self._client,
            )
            book = self._books[user] = ChatBook(whatsapp_user, journal=self._journal, shelf=self._shelf)
        self._books.move_to_end(user)
        while len(self._books) > MOST_BOOKS:
            self._books.popitem(last=False)
        return book


class OpenChat:
    """One page that shows a chat."""

    def __init__(self, socket: WebSocket, book: ChatBook, journal: Journal, composer: Composer) -> None:
        self._socket = socket
        self._book = book
        self._journal = journal
        self._composer = composer

    async def run(self) -> None:
        """Until the page goes away; a message on its way is still delivered."""
        telling = asyncio.create_task(self._tell())
        writing = asyncio.create_task(self._write())
        try:
            await asyncio.wait({telling, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            telling.cancel()
            writing.cancel()
            await asyncio.gather(telling, writing, return_exceptions=True)

    async def _tell(self) -> None:
        """Send what changes; a page that is slow gets several changes of a message as one."""
        known = 0
        is_ready = False
        while True:
            bell = self._journal.bell.next_ring()
            events, known = self._book.changes(known)
            for event in events:
                await self._socket.send_json(event)
            if not is_ready:
                await self._socket.send_json({"event": "ready"})
                is_ready = True
            await bell.wait()

    async def _write(self) -> None:
        """Deliver one after the other what the page sends, as a telephone does."""
        try:
            while True:
                await self._take(_decoder.decode(await self._socket.receive_text()))
        except WebSocketDisconnect:
            return
        except (msgspec.MsgspecError, KeyError):
            await self._socket.close(INVALID_MESSAGE)

    async def _take(self, wanted: Wanted) -> None:
        try:
            element, entry = self._composer.compose(wanted, self._book)
        except UnknownThing as error:
            problem = {"event": "problem", "reference": wanted.reference, "words": str(error)}
            await self._socket.send_json(problem)
            return
        await self._book.write(element, entry)
