"""The journal of live/, kept in Django's database.

It has a thread and a database connection of its own: Channels would send it through the one thread that all
consumers share, where any slow query holds everybody up. One thread also keeps the order of appends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import msgspec
from django.db import DatabaseError, IntegrityError, InterfaceError, connections, transaction
from django.utils import timezone

from mqlab.engine.commands import AnyCommand
from mqlab.engine.recording import Stored
from mqlab.lab.models import Command, Recording, new_id
from mqlab.live.journal import JournalRefused, JournalUnavailable, Loaded
from mqlab.live.remarks import Note

T = TypeVar("T")


class DatabaseJournal:
    """Implements live.journal.Journal."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def load(self, recording: str) -> Loaded | None:
        """The recording, or None. Raises JournalUnavailable."""
        return await self.run(load, recording)

    async def create(self, copy_of: str, owner: str) -> str:
        """A copy that belongs to `owner`. Raises JournalUnavailable, JournalRefused."""
        return await self.run(copy, copy_of, owner)

    async def append(self, rows: Sequence[tuple[str, Stored]]) -> None:
        """All rows or none. Raises JournalUnavailable, JournalRefused."""
        await self.run(append, rows)

    async def remark(self, recording: str, labels: Mapping[str, str], notes: Sequence[Note]) -> None:
        """Raises JournalUnavailable."""
        await self.run(remark, recording, dict(labels), [msgspec.to_builtins(note) for note in notes])

    async def ping(self) -> None:
        """Raises JournalUnavailable."""
        await self.run(ping)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do database work in the journal's thread, with its errors as live/ knows them."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _guarded, work, args)


def _guarded(work: Callable[..., T], args: tuple[object, ...]) -> T:
    """The connection stays open between calls (opening one costs more than a commit) unless something went
    wrong."""
    try:
        return work(*args)
    except IntegrityError as error:
        raise JournalRefused(str(error)) from error
    except (DatabaseError, InterfaceError) as error:
        connections.close_all()
        raise JournalUnavailable(str(error)) from error


def stored(command: Command) -> Stored:
    """A row as the engine knows it."""
    payload = msgspec.json.decode(command.payload, type=AnyCommand)  # type: ignore[arg-type]
    return Stored(command.name, command.parent, command.t, command.i, payload)


def load(id: str) -> Loaded | None:
    """The recording with its commands. Raises DatabaseError."""
    row = Recording.objects.filter(pk=id).first()
    if row is None:
        return None
    with suppress(DatabaseError):  # a database that can only be read is no reason not to look
        Recording.objects.filter(pk=id).update(opened=timezone.now())
    commands = tuple(stored(command) for command in row.commands.all())
    notes = msgspec.convert(tuple(row.notes), tuple[Note, ...])
    return Loaded(row.scenario, row.seed, commands, row.shared, row.owner, row.labels, notes)


@transaction.atomic
def copy(id: str, owner: str) -> str:
    """Copy a recording with all its commands; the new id. Raises IntegrityError where there is none."""
    row = Recording.objects.filter(pk=id).first()
    if row is None:
        raise IntegrityError(f"no recording {id}")
    commands = list(row.commands.all())
    made = Recording.objects.create(
        id=new_id(),
        slug=row.slug,
        scenario=row.scenario,
        seed=row.seed,
        owner=owner,
        engine=row.engine,
        made_from=row,
        labels=row.labels,
        notes=row.notes,
    )
    for command in commands:
        command.pk, command.recording = None, made
    Command.objects.bulk_create(commands)
    return made.pk


@transaction.atomic
def append(rows: Sequence[tuple[str, Stored]]) -> None:
    """Store commands in this order. Raises IntegrityError (no such recording or parent, an id twice),
    DatabaseError."""
    here = {(recording, s.id) for recording, s in rows} | {(recording, "0") for recording, _ in rows}
    missing = {(recording, s.parent) for recording, s in rows} - here
    if missing:
        found = Command.objects.filter(
            recording__in={recording for recording, _ in missing}, name__in={parent for _, parent in missing}
        ).values_list("recording_id", "name")
        if missing := missing.difference(found):
            raise IntegrityError(f"no parent {sorted(missing)[0]}")
    write(rows)


def write(rows: Iterable[tuple[str, Stored]]) -> None:
    """Commands into the table, in this order: (the recording's id, the command). Raises DatabaseError."""
    Command.objects.bulk_create(
        Command(
            recording_id=recording,
            name=s.id,
            parent=s.parent,
            t=s.t,
            i=s.i,
            payload=msgspec.json.encode(s.command).decode(),
        )
        for recording, s in rows
    )


def remark(recording: str, labels: dict[str, str], notes: list[dict[str, object]]) -> None:
    """Store these labels and notes, in place of what was there. Raises DatabaseError."""
    Recording.objects.filter(pk=recording).update(labels=labels, notes=notes)


@transaction.atomic
def ping() -> None:
    """Write nothing, the hard way: takes the write lock and needs both tables. Raises DatabaseError."""
    Recording.objects.filter(pk="").update(seed=0)
    Command.objects.filter(pk=0).update(i=0)
