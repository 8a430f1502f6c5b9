"""The port through which live/ keeps what was accepted. lab/ implements it on the database; live/ knows no
ORM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mqlab.engine.recording import Stored
from mqlab.live.remarks import Note


class JournalUnavailable(Exception):
    """The journal cannot be read or written now. Nothing of the call was stored."""


class JournalRefused(Exception):
    """The journal works but will not take these rows (the recording is gone, the id exists). Nothing was
    stored."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A recording as the journal has it: parents before children. read_only: shared and frozen."""

    scenario_text: str
    seed: int
    stored: tuple[Stored, ...]
    read_only: bool
    owner: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Journal(Protocol):
    """All calls are safe to make at once; appends arrive in the order in which they were made."""

    async def load(self, recording: str) -> Loaded | None:
        """The recording, or None where there is none. Raises JournalUnavailable."""

    async def create(self, copy_of: str, owner: str) -> str:
        """A copy that belongs to `owner`; its new id. Raises JournalUnavailable, JournalRefused."""

    async def append(self, rows: Sequence[tuple[str, Stored]]) -> None:
        """Store (recording, command) rows in this order, in one transaction. Raises JournalUnavailable,
        JournalRefused."""

    async def remark(self, recording: str, labels: Mapping[str, str], notes: Sequence[Note]) -> None:
        """Store a recording's labels and notes, in place of what was there. Raises JournalUnavailable."""

    async def ping(self) -> None:
        """Whether writing would work. Raises JournalUnavailable."""
