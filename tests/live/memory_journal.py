"""A journal in memory: the port of live/, implemented whole, for tests that need no database. It can be taken
away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mqlab.engine.recording import Stored
from mqlab.live.journal import JournalRefused, JournalUnavailable, Loaded
from mqlab.live.remarks import Note


@dataclass
class MemoryJournal:
    """`available` false: every call fails as a database does that cannot be reached. `transactions`: what was
    written at once."""

    recordings: dict[str, Loaded] = field(default_factory=dict)
    available: bool = True
    transactions: list[list[tuple[str, str]]] = field(default_factory=list)
    loads: int = 0

    async def load(self, recording: str) -> Loaded | None:
        self._check()
        self.loads += 1
        return self.recordings.get(recording)

    async def create(self, copy_of: str, owner: str) -> str:
        self._check()
        if copy_of not in self.recordings:
            raise JournalRefused(copy_of)
        made = f"copy-{len(self.recordings)}"
        self.recordings[made] = replace(self.recordings[copy_of], owner=owner, read_only=False)
        return made

    async def append(self, rows: Sequence[tuple[str, Stored]]) -> None:
        self._check()
        for recording, stored in rows:
            if recording not in self.recordings or stored.id in {
                s.id for s in self.recordings[recording].stored
            }:
                raise JournalRefused(recording)
        for recording, stored in rows:
            loaded = self.recordings[recording]
            self.recordings[recording] = replace(loaded, stored=(*loaded.stored, stored))
        self.transactions.append([(recording, stored.id) for recording, stored in rows])

    async def remark(self, recording: str, labels: Mapping[str, str], notes: Sequence[Note]) -> None:
        self._check()
        loaded = self.recordings[recording]
        self.recordings[recording] = replace(loaded, labels=dict(labels), notes=tuple(notes))

    async def ping(self) -> None:
        self._check()

    def _check(self) -> None:
        if not self.available:
            raise JournalUnavailable("taken away by the test")
