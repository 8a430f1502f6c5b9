"""Accepted = kept: one background task writes acts to the journal in order, many in one transaction.

When the journal cannot be written, everything that waited is lost together, and no new act is taken until it
works again: the people on those recordings are told, and nothing that was called kept is ever in doubt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from mqlab.engine.recording import Stored
from mqlab.live import limits
from mqlab.live.journal import Journal, JournalRefused, JournalUnavailable

Row = tuple[str, Stored]
log = logging.getLogger(__name__)


class Keeper:
    """`kept(recording, ids)` and `lost(recording, ids)` are called once for each act, in order."""

    def __init__(
        self,
        journal: Journal,
        kept: Callable[[str, list[str]], None],
        lost: Callable[[str, list[str]], None],
    ) -> None:
        self.read_only = False
        self._journal = journal
        self._kept = kept
        self._lost = lost
        self._waiting: list[Row] = []
        self._wake = asyncio.Event()
        self._back: asyncio.Task[None] | None = None

    def keep(self, recording: str, stored: Stored) -> None:
        """Write this act soon. While the journal is away it is lost at once."""
        if self.read_only:
            self._lost(recording, [stored.id])
            return
        self._waiting.append((recording, stored))
        self._wake.set()

    async def run(self) -> None:
        """The background task; ends only when cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                rows = self._waiting[: limits.JOURNAL_BATCH_MAX]
                del self._waiting[: limits.JOURNAL_BATCH_MAX]
                await self._write(rows)

    async def _write(self, rows: list[Row]) -> None:
        if self.read_only:  # the journal went away while a batch was written piece by piece
            self._tell(self._lost, rows)
            return
        try:
            await self._journal.append(rows)
        except JournalRefused as error:
            recordings = list(dict.fromkeys(recording for recording, _ in rows))
            if len(recordings) > 1:  # only the one to blame shall lose its acts
                for alone in recordings:
                    await self._write([row for row in rows if row[0] == alone])
                return
            log.error("journal refused %s: %s", recordings[0], error)
            self._tell(self._lost, rows)
        except Exception as error:
            log.warning("journal not written: %s", error, exc_info=not isinstance(error, JournalUnavailable))
            self.read_only = True
            lost, self._waiting = rows + self._waiting, []
            self._tell(self._lost, lost)
            self._back = asyncio.create_task(self._wait_until_back())
        else:
            self._tell(self._kept, rows)

    async def _wait_until_back(self) -> None:
        while self.read_only:
            await asyncio.sleep(limits.JOURNAL_RETRY_MS / 1_000)
            try:
                await self._journal.ping()
            except Exception as error:
                log.info("journal still away: %s", error)
            else:
                self.read_only = False

    @staticmethod
    def _tell(whom: Callable[[str, list[str]], None], rows: Iterable[Row]) -> None:
        by_recording: dict[str, list[str]] = {}
        for recording, stored in rows:
            by_recording.setdefault(recording, []).append(stored.id)
        for recording, ids in by_recording.items():
            whom(recording, ids)
