"""One browser's socket: reads messages, checks role and quota, and hands over. It knows nothing of Channels
or Django."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from mqlab.engine.commands import Illegal
from mqlab.live import jobs, wire
from mqlab.live.journal import JournalRefused, JournalUnavailable
from mqlab.live.limits import JOINS_PER_SOCKET_MAX, OVER_QUOTA_IN_A_ROW_MAX, SOCKETS_PER_SESSION_MAX
from mqlab.live.opened import Opened
from mqlab.live.pace import ACT, LOOK, PULL, Job
from mqlab.live.pieces import Frame
from mqlab.live.quota import Quota
from mqlab.live.remarks import Note, Remarks
from mqlab.live.rooms import Full, Rooms

log = logging.getLogger(__name__)


class Session:
    """`send` hands a frame over and `close` ends the socket after what was sent; both return at once."""

    def __init__(
        self, owner: str, rooms: Rooms, send: Callable[[Frame], None], close: Callable[[], None]
    ) -> None:
        self.owner = owner
        self.gone = False
        self._rooms = rooms
        self._send = send
        self._close = close
        self._joins: dict[int, Opened | None] = {}  # None: on its way
        self._turns = [0] * JOINS_PER_SOCKET_MAX  # counts what makes a join's earlier pulls void
        self._strikes = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._quota: Quota | None = rooms.quotas.enter(owner)
        if self._quota is None:
            self.bye("sockets", f"This browser has {SOCKETS_PER_SESSION_MAX} live pages open; close one.")

    # --- towards the browser

    def send(self, frame: Frame) -> None:
        """Hand a frame over, unless the socket is closed."""
        if not self.gone:
            self._send(frame)

    def acted(self, join: int) -> None:
        """An act of this join went through: it looks at the new future, and what it asked for before is void."""
        self._turns[join] += 1

    def no(
        self,
        code: str,
        why: str,
        *,
        recording: str = "",
        join: int = -1,
        id: str = "",
        rule: str = "",
        retry_ms: int = 0,
    ) -> None:
        """Answer that nothing changed."""
        made = wire.No(code, why, recording, join, id, rule, retry_ms)
        self.send(wire.encode(made).decode())

    def bye(self, code: str, why: str) -> None:
        """Say why, and close."""
        self.send(wire.encode(wire.Bye(code, why)).decode())
        self.left()
        self._close()

    def left(self) -> None:
        """The socket is closed: nothing is sent any more, nothing is watched."""
        if self.gone:
            return
        self.gone = True
        for opened in self._joins.values():
            if opened is not None:
                opened.unwatch(self)
        self._joins.clear()
        if self._quota is not None:
            self._rooms.quotas.leave(self._quota)

    # --- from the browser

    def receive(self, data: str | bytes) -> None:
        """Take one frame. Never raises."""
        if self.gone or not self._within("any"):
            return
        if not isinstance(data, str):
            self.no("bad_message", "Send JSON in text frames.")
            return
        try:
            ask = wire.decode(data)
        except wire.Unreadable as error:
            self.no(error.code, error.why, join=error.join, id=error.id)
            return
        try:
            self._handle(ask)
        except Exception:
            log.exception("%s failed", type(ask).__name__)
            self._refuse(ask, "internal", "The server failed on this; nothing changed. It has been logged.")

    def _handle(self, ask: wire.AnyAsk) -> None:
        if isinstance(ask, wire.Join):
            if ask.join in self._joins:
                self._refuse(
                    ask, "joined", f"Join {ask.join} is in use; leave it first or take another number."
                )
            elif self._within("look", ask):
                self._joins[ask.join] = None
                self._start(self._join(ask))
            return
        opened = self._joins.get(ask.join)
        if opened is None:
            self._refuse(ask, "not_joined", f"Join {ask.join} watches no recording yet; join one first.")
        elif isinstance(ask, wire.Leave):
            del self._joins[ask.join]
            opened.unwatch(self)
            self._turns[ask.join] += 1
        elif isinstance(ask, wire.AskBeat):
            self.send(opened.beat(ask.join, ask.t0))
        elif isinstance(ask, wire.OpenRoom | wire.Drive):
            self._drive(ask, opened)
        elif isinstance(ask, wire.Do | wire.Carry):
            self._do(ask, opened)
        elif isinstance(ask, wire.Label | wire.Remark):
            self._write(ask, opened)
        elif isinstance(ask, wire.More):
            if self._within("more", ask, opened):
                self._submit(opened, PULL, ask, self._pull(ask, opened))
        elif isinstance(ask, wire.Differ):
            if self._within("look", ask, opened):
                self._submit(opened, LOOK, ask, jobs.differ(opened, self, ask))
        elif self._within("look", ask, opened):
            self._submit(opened, LOOK, ask, jobs.look(opened, self, ask.join, ask.future, ask.at))

    def _pull(self, ask: wire.More, opened: Opened) -> Job:
        turn = self._turns[ask.join]

        def wanted() -> bool:
            return not self.gone and self._turns[ask.join] == turn

        return jobs.pull(opened, self, ask, self._rooms.pieces, wanted)

    def _do(self, ask: wire.Do | wire.Carry, opened: Opened) -> None:
        if not self._within("do", ask, opened):
            return
        if opened.role(self) == "owner" or (isinstance(ask, wire.Do) and opened.may_act(self)):
            self._submit(opened, ACT, ask, self._act(ask, opened))
        elif opened.room is not None:
            self._refuse(ask, "locked", "The owner drives this lab and has locked acts for everybody else.")
        elif self._within("copy", ask, opened):
            del self._joins[ask.join]
            opened.unwatch(self)
            self._joins[ask.join] = None
            self._start(self._move(ask, opened))

    def _act(self, ask: wire.Do | wire.Carry, opened: Opened) -> Job:
        if isinstance(ask, wire.Carry):
            return jobs.carry_over(opened, self, ask, self._rooms.keeper)
        return jobs.act(opened, self, ask, self._rooms.keeper)

    def _write(self, ask: wire.Label | wire.Remark, opened: Opened) -> None:
        """A label or a note: for the owner, on a future that is there."""
        if not self._within("do", ask, opened):
            return
        if opened.role(self) != "owner":
            self._refuse(
                ask, "not_yours", "Only the owner writes here. Act first: that makes a copy, which is yours."
            )
        elif not opened.recording.knows(ask.future):
            self._refuse(ask, "stale", f"There is no future {ask.future} in this recording (any more).")
        else:
            self._start(self._remark(ask, opened))

    async def _remark(self, ask: wire.Label | wire.Remark, opened: Opened) -> None:
        remarks = opened.remarks
        before = Remarks(remarks.labels, remarks.notes.values())
        frame: wire.AnyFrame
        try:
            if isinstance(ask, wire.Label):
                remarks.label(ask.future, ask.text)
                frame = wire.LabelFrame(opened.id, ask.future, ask.text)
            else:
                note = Note(ask.id, ask.future, ask.t, ask.text, ask.message)
                remarks.note(note)
                frame = wire.NoteFrame(opened.id, note)
            await self._rooms.store(opened)
        except Illegal as error:
            self._refuse(ask, error.code, error.why)
        except (JournalUnavailable, JournalRefused):
            opened.remarks = before
            self._refuse(
                ask,
                "unavailable",
                "The database does not answer, so this is not kept; try again in a moment.",
            )
        else:
            opened.tell(wire.encode(frame).decode())

    def _drive(self, ask: wire.OpenRoom | wire.Drive, opened: Opened) -> None:
        if not self._within("drive", ask, opened):
            return
        if opened.role(self) == "owner":
            self._submit(opened, ACT, ask, jobs.drive(opened, self, ask))
        else:
            self._refuse(ask, "role", "Only the owner of this recording drives it for everybody.")

    async def _join(self, ask: wire.Join) -> None:
        opened = await self._enter(ask, self._rooms.open(ask.recording))
        if opened is None:
            return
        room = opened.room
        future, at = opened.newest() if room is None else (room.future, room.at)
        if ask.future is not None:
            stored = opened.recording.tree.get(ask.future)
            future, at = ask.future, (stored.t, stored.i + 1) if stored else (0, 0)
        at = ask.at if ask.at is not None else at
        self._submit(opened, LOOK, ask, jobs.look(opened, self, ask.join, future, at))

    async def _move(self, ask: wire.Do | wire.Carry, old: Opened) -> None:
        """A viewer's first act: the recording is copied, and the act is entered on the copy."""
        opened = await self._enter(ask, self._rooms.copy(old.id, self.owner))
        if opened is not None:
            self.send(wire.encode(wire.Moved(ask.join, opened.id)).decode())
            self._submit(opened, ACT, ask, self._act(ask, opened))
        elif not self.gone and ask.join not in self._joins:
            self._joins[ask.join] = old
            old.watch(self)

    async def _enter(
        self, ask: wire.Join | wire.Do | wire.Carry, opening: Coroutine[Any, Any, Opened | None]
    ) -> Opened | None:
        """Wait for a recording and watch it under this join; None once it has been answered why not."""
        refusal = (
            "unknown_recording",
            "There is no such recording; it may be gone, or the address is not whole.",
        )
        try:
            opened = await opening
        except Full:
            opened, refusal = (
                None,
                ("full", "As many labs as this server holds are open; try again in a minute."),
            )
        except JournalUnavailable:
            opened, refusal = None, ("unavailable", "The database does not answer; try again in a moment.")
        except JournalRefused:
            opened = None
        except Exception:
            log.exception("%s failed", type(ask).__name__)
            opened, refusal = None, ("internal", "The server failed on this recording. It has been logged.")
        if self.gone:
            return None
        if opened is None:
            del self._joins[ask.join]
            self._refuse(ask, *refusal)
            return None
        self._joins[ask.join] = opened
        opened.watch(self)
        return opened

    # --- small things

    def _submit(self, opened: Opened, urgency: int, ask: wire.AnyAsk, job: Job) -> None:
        self._rooms.pace.submit(opened.lane, urgency, jobs.answered(opened, self, ask, job))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _refuse(self, ask: wire.AnyAsk, code: str, why: str, retry_ms: int = 0, recording: str = "") -> None:
        act_id = ask.id if isinstance(ask, wire.Do | wire.Carry | wire.Remark) else ""
        recording = ask.recording if isinstance(ask, wire.Join) else recording
        self.no(code, why, recording=recording, join=ask.join, id=act_id, retry_ms=retry_ms)

    def _within(self, what: str, ask: wire.AnyAsk | None = None, opened: Opened | None = None) -> bool:
        """Whether the quota allows it; otherwise it has been answered, and the fifth time in a row is the
        last."""
        assert self._quota is not None
        recording = opened.id if opened else ""
        wait_s = self._quota.take_more(recording) if what == "more" else self._quota.take(what)
        if wait_s == 0.0:
            if ask is not None:
                self._strikes = 0
            return True
        self._strikes += 1
        if self._strikes >= OVER_QUOTA_IN_A_ROW_MAX:
            self.bye("too_fast", "Too many messages, five times in a row. Reload the page to go on.")
            return False
        why, retry_ms = "Too many messages; wait a moment.", max(1, round(wait_s * 1_000))
        if ask is None:
            self.no("too_fast", why, retry_ms=retry_ms)
        else:
            self._refuse(ask, "too_fast", why, retry_ms, recording)
        return False
