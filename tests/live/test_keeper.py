"""Accepted = kept: in order, many at once; and when nothing can be kept, everybody is told and no new act is
taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mqlab.engine.commands import Crash
from mqlab.engine.recording import Stored
from mqlab.live import limits
from mqlab.live.journal import Loaded
from mqlab.live.keeper import Keeper
from tests.live.memory_journal import MemoryJournal

EMPTY = Loaded("", 1, (), False, "alice")


def act(id: str) -> Stored:
    return Stored(id, "0", 0, 0, Crash("worker-1"))


def play(
    script: Callable[[Keeper, MemoryJournal], Awaitable[None]],
) -> tuple[MemoryJournal, list[tuple[str, str, list[str]]]]:
    """Run a keeper on a journal with recordings r1 and r2; what it told, in order."""
    told: list[tuple[str, str, list[str]]] = []

    async def main() -> MemoryJournal:
        journal = MemoryJournal({"r1": EMPTY, "r2": EMPTY})
        keeper = Keeper(
            journal,
            lambda recording, ids: told.append(("kept", recording, ids)),
            lambda recording, ids: told.append(("lost", recording, ids)),
        )
        task = asyncio.create_task(keeper.run())
        await script(keeper, journal)
        task.cancel()
        return journal

    return asyncio.run(main()), told


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_many_acts_are_written_in_order_in_one_transaction() -> None:
    async def script(keeper: Keeper, journal: MemoryJournal) -> None:
        for n in range(5):
            keeper.keep("r1" if n % 2 else "r2", act(f"a{n}"))
        await settle()

    journal, told = play(script)
    assert journal.transactions == [[("r2", "a0"), ("r1", "a1"), ("r2", "a2"), ("r1", "a3"), ("r2", "a4")]]
    assert told == [("kept", "r2", ["a0", "a2", "a4"]), ("kept", "r1", ["a1", "a3"])]


def test_a_transaction_is_bounded() -> None:
    async def script(keeper: Keeper, journal: MemoryJournal) -> None:
        for n in range(limits.JOURNAL_BATCH_MAX + 1):
            keeper.keep("r1", act(f"a{n}"))
        await settle()

    journal, _ = play(script)
    assert [len(rows) for rows in journal.transactions] == [limits.JOURNAL_BATCH_MAX, 1]


def test_what_cannot_be_written_is_lost_together_and_no_new_act_is_taken() -> None:
    async def script(keeper: Keeper, journal: MemoryJournal) -> None:
        journal.available = False
        keeper.keep("r1", act("a1"))
        keeper.keep("r2", act("a2"))
        await settle()
        assert keeper.read_only
        keeper.keep("r1", act("a3"))

    journal, told = play(script)
    assert journal.transactions == []
    assert told == [("lost", "r1", ["a1"]), ("lost", "r2", ["a2"]), ("lost", "r1", ["a3"])]


def test_it_takes_acts_again_when_the_journal_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOURNAL_RETRY_MS", 1)

    async def script(keeper: Keeper, journal: MemoryJournal) -> None:
        journal.available = False
        keeper.keep("r1", act("a1"))
        await asyncio.sleep(0.01)
        assert keeper.read_only
        journal.available = True
        await asyncio.sleep(0.05)
        assert not keeper.read_only
        keeper.keep("r1", act("a2"))
        await settle()

    journal, told = play(script)
    assert told == [("lost", "r1", ["a1"]), ("kept", "r1", ["a2"])]
    assert journal.transactions == [[("r1", "a2")]]


def test_one_refused_recording_does_not_cost_another_its_acts() -> None:
    async def script(keeper: Keeper, journal: MemoryJournal) -> None:
        keeper.keep("r1", act("a1"))
        keeper.keep("deleted", act("a2"))
        keeper.keep("r2", act("a3"))
        await settle()
        assert not keeper.read_only

    _, told = play(script)
    assert told == [("kept", "r1", ["a1"]), ("lost", "deleted", ["a2"]), ("kept", "r2", ["a3"])]
