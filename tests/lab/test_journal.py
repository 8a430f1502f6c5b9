"""The journal in the database: all or nothing, in order, and an answer when the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from mqlab.engine.commands import Bind, Crash, Publish
from mqlab.engine.recording import Stored
from mqlab.lab.journal import DatabaseJournal
from mqlab.lab.models import Command, Recording
from mqlab.live.journal import JournalRefused, JournalUnavailable
from mqlab.live.remarks import Note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def journal() -> Iterator[DatabaseJournal]:
    made = DatabaseJournal()
    yield made
    asyncio.run(made.run(connections.close_all))  # the connection of the journal's own thread


def recording(**fields: object) -> Recording:
    return Recording.objects.create(
        **({"scenario": "format: 1", "seed": 7, "owner": "alice", "engine": "1"} | fields)
    )


ACTS = [
    Stored("a1", "0", 5, 0, Publish("", "q", headers={"n": [1, {"deep": None}]}, number=1)),
    Stored("a2", "a1", 9, 3, Bind("x", "q", "order.*")),
    Stored("b1", "a1", 7, 1, Crash("worker-1")),
]


def test_what_was_appended_is_loaded_as_it_was_parents_first(journal: DatabaseJournal) -> None:
    row = recording(seed=2**53 - 1)
    asyncio.run(journal.append([(row.pk, act) for act in ACTS]))
    loaded = asyncio.run(journal.load(row.pk))
    assert loaded is not None
    assert list(loaded.stored) == ACTS
    assert (loaded.scenario_text, loaded.seed, loaded.owner, loaded.read_only) == (
        "format: 1",
        2**53 - 1,
        "alice",
        False,
    )


def test_a_recording_that_is_not_there_is_none(journal: DatabaseJournal) -> None:
    assert asyncio.run(journal.load("aaaabbbbccccdddd")) is None


def test_a_shared_recording_is_read_only(journal: DatabaseJournal) -> None:
    loaded = asyncio.run(journal.load(recording(shared=True).pk))
    assert loaded is not None
    assert loaded.read_only


@pytest.mark.parametrize(
    "bad",
    [
        ("missing", Stored("x", "0", 0, 0, Crash("w"))),
        (None, Stored("a1", "0", 0, 0, Crash("w"))),
        (None, Stored("x", "no-parent", 0, 0, Crash("w"))),
    ],
)
def test_it_stores_all_rows_or_none(journal: DatabaseJournal, bad: tuple[str | None, Stored]) -> None:
    row, other = recording(), recording()
    asyncio.run(journal.append([(row.pk, ACTS[0])]))
    with pytest.raises(JournalRefused):
        asyncio.run(journal.append([(other.pk, ACTS[0]), (bad[0] or row.pk, bad[1])]))
    assert list(Command.objects.values_list("recording_id", "name")) == [(row.pk, "a1")]


def test_a_parent_of_another_recording_is_no_parent(journal: DatabaseJournal) -> None:
    row, other = recording(), recording()
    asyncio.run(journal.append([(other.pk, ACTS[0])]))
    with pytest.raises(JournalRefused):
        asyncio.run(journal.append([(row.pk, ACTS[1])]))


def test_a_copy_belongs_to_somebody_else_and_grows_on_its_own(journal: DatabaseJournal) -> None:
    row = recording(shared=True, slug="two-workers", owner="carol")
    asyncio.run(journal.append([(row.pk, act) for act in ACTS]))
    made = asyncio.run(journal.create(row.pk, "bob"))
    asyncio.run(journal.append([(made, Stored("c1", "a2", 20, 0, Crash("worker-2")))]))
    copy, original = asyncio.run(journal.load(made)), asyncio.run(journal.load(row.pk))
    assert copy is not None
    assert original is not None
    assert (copy.owner, copy.read_only) == ("bob", False)
    assert [act.id for act in copy.stored] == ["a1", "a2", "b1", "c1"]
    assert list(original.stored) == ACTS
    assert Recording.objects.get(pk=made).made_from_id == row.pk


def test_nothing_cannot_be_copied(journal: DatabaseJournal) -> None:
    with pytest.raises(JournalRefused):
        asyncio.run(journal.create("aaaabbbbccccdddd", "bob"))


def test_a_database_that_cannot_be_written_is_unavailable_until_it_can(journal: DatabaseJournal) -> None:
    row = recording()
    asyncio.run(journal.ping())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lab_command RENAME TO away")
    try:
        with pytest.raises(JournalUnavailable):
            asyncio.run(journal.append([(row.pk, ACTS[0])]))
        with pytest.raises(JournalUnavailable):
            asyncio.run(journal.ping())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO lab_command")
    asyncio.run(journal.ping())
    asyncio.run(journal.append([(row.pk, ACTS[0])]))


def test_an_id_has_eighty_random_bits_in_lower_case_base32() -> None:
    ids = {recording().pk for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) == 16 and set(one) <= set("abcdefghijklmnopqrstuvwxyz234567") for one in ids)


def test_labels_and_notes_are_loaded_as_they_were_written_last_and_go_with_a_copy(
    journal: DatabaseJournal,
) -> None:
    row = recording()
    note = Note("n1", "a1", 5, "Here.", "web-3")
    asyncio.run(journal.append([(row.pk, act) for act in ACTS]))
    asyncio.run(journal.remark(row.pk, {"a1": "old"}, []))
    asyncio.run(journal.remark(row.pk, {"a1": "mine"}, [note, Note("n2", "0", 1, "Bare.")]))
    for name in (row.pk, asyncio.run(journal.create(row.pk, "bob"))):
        loaded = asyncio.run(journal.load(name))
        assert loaded is not None
        assert loaded.labels == {"a1": "mine"}
        assert loaded.notes == (note, Note("n2", "0", 1, "Bare."))
