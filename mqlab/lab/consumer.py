"""The one WebSocket of the site, /ws/lab/: moves frames between Daphne and a live session, and nothing else.

`dispatch` is overridden because Channels sends every message through `close_old_connections` on the database
thread that all consumers share (measured: an unrelated 1 s query delayed an echo by 0.9 s). No message here
touches the ORM."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from mqlab.lab.journal import DatabaseJournal
from mqlab.lab.owner import owner_in_cookies
from mqlab.live import limits, wire
from mqlab.live.journal import JournalUnavailable
from mqlab.live.pieces import Frame
from mqlab.live.rooms import Rooms
from mqlab.live.session import Session

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
log = logging.getLogger(__name__)


class LabConsumer(AsyncWebsocketConsumer):
    """One socket. Frames to send wait in an outbox, so that whoever simulates never waits for a socket."""

    journal = DatabaseJournal()
    _rooms: ClassVar[dict[asyncio.AbstractEventLoop, Rooms]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._session: Session | None = None
        self._outbox: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._writer: asyncio.Task[None] | None = None

    @classmethod
    def rooms(cls) -> Rooms:
        """The open recordings of this process (of its event loop)."""
        loop = asyncio.get_running_loop()
        if loop not in cls._rooms:
            cls._rooms.clear()  # an event loop that ended took its tasks with it
            cls._rooms[loop] = Rooms(cls.journal)
        return cls._rooms[loop]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One loop for the socket's life: Channels' own makes a task for every message."""
        self.scope = scope
        self.base_send = send
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            if self._session is not None:
                self._session.left()
            if self._writer is not None:
                self._writer.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Every message of the socket, without the detour over the database thread."""
        kind = message["type"]
        if kind == "websocket.receive":
            text = message.get("text")
            if self._session is not None:
                self._session.receive(text if text is not None else message["bytes"])
        elif kind == "websocket.connect":
            await self._open()
        elif kind == "websocket.disconnect":
            raise StopConsumer

    async def _open(self) -> None:
        cookies = next((value for name, value in self.scope["headers"] if name == b"cookie"), b"")
        await self.accept()
        self._writer = asyncio.create_task(self._write())
        try:
            owner = await self.journal.run(owner_in_cookies, cookies.decode("latin-1"))
        except JournalUnavailable:
            log.exception("no session could be read")
            self._refuse("unavailable", "The database does not answer; try again in a moment.")
            return
        if owner is None:
            self._refuse(
                "no_session", "This socket needs the session cookie of a page of this site; open one first."
            )
            return
        self._session = Session(owner, self.rooms(), self._put, self._end)

    def _refuse(self, code: str, why: str) -> None:
        self._put(wire.encode(wire.Bye(code, why)).decode())
        self._end()

    def _put(self, frame: Frame) -> None:
        if len(self._outbox) >= limits.OUTBOX_FRAMES_MAX:  # it asks and does not take
            self._outbox.clear()
            self._end()
        if not self._closing:
            self._outbox.append(frame)
            self._wake.set()

    def _end(self) -> None:
        self._closing = True
        self._wake.set()

    async def _write(self) -> None:
        while not self._closing or self._outbox:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox:
                frame = self._outbox.popleft()
                kind = "text" if isinstance(frame, str) else "bytes"
                await self.base_send({"type": "websocket.send", kind: frame})
        await self.close(4000)
