"""Open recordings: loaded once, put away when nobody watches, bounded; and what happens when the journal goes
away."""

from __future__ import annotations

import asyncio

import pytest

from mqlab.live import limits
from mqlab.live import rooms as rooms_module
from mqlab.live.rooms import Rooms
from tests.live.browser import Browser, play
from tests.live.memory_journal import MemoryJournal

S = 1_000_000


def test_two_who_join_at_once_share_one_load() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        await asyncio.gather(*(Browser(rooms, name).join() for name in ("alice", "bob", "carol")))
        assert journal.loads == 1

    play(script)


def test_a_recording_nobody_watches_is_put_away_and_comes_back_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms_module, "_SWEEP_EVERY_S", 0.01)
    monkeypatch.setattr(limits, "PUT_AWAY_AFTER_S", 0.02)

    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        before = await alice.ask("scene", "go", join=1, future="a1", at=[5 * S, 0])
        await asyncio.sleep(0.1)
        assert journal.loads == 1  # it is watched
        alice.session.left()
        await asyncio.sleep(0.1)
        again = Browser(rooms)
        await again.join()
        assert journal.loads == 2
        assert await again.ask("scene", "go", join=1, future="a1", at=[5 * S, 0]) == before

    play(script)


def test_a_full_server_says_so_and_the_open_labs_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "_JUST_OPENED_S", 0.0)

    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = Browser(rooms), Browser(rooms, "bob")
        await alice.join("r1")
        assert (await bob.ask("no", "join", join=1, recording="r2"))["code"] == "full"
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        alice.session.left()
        await asyncio.sleep(0.01)
        await bob.join("r2")  # what nobody watches made room

    play(script, open_max=1)


def test_when_the_journal_cannot_be_written_everybody_goes_back_to_what_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "JOURNAL_RETRY_MS", 50)

    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob, other = Browser(rooms), Browser(rooms, "bob"), Browser(rooms)
        await alice.join("r1")
        await bob.join("r1")
        await other.join("r2")
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")

        journal.available = False
        await alice.act("a2", "a1", [2 * S, 0])
        for browser in (alice, bob):
            back = await browser.hear("cut", 3)
            assert (back["code"], back["id"], back["future"]) == ("not_stored", "a2", "a1")
            assert back["at"] == [2 * S, 0]
        no = await alice.ask(
            "no", "do", join=1, id="a3", future="a1", at=[3 * S, 0], command={"do": "crash", "node": "web"}
        )
        assert (no["code"], no["id"]) == ("read_only", "a3")
        no = await other.ask(
            "no", "do", join=1, id="o1", future="0", at=[S, 0], command={"do": "crash", "node": "web"}
        )
        assert no["code"] == "read_only"
        scene = await alice.ask("scene", "go", join=1, future="a1", at=[4 * S, 0])  # looking around works
        assert [branch["id"] for branch in scene["tree"]] == ["a1"]

        journal.available = True
        await asyncio.sleep(0.15)
        await alice.act("a2", "a1", [2 * S, 0])  # the browser offers its unsaved act again
        assert (await alice.hear("kept", 2))["id"] == "a2"
        assert [stored.id for stored in journal.recordings["r1"].stored] == ["a1", "a2"]

    play(script)


def test_a_recording_whose_journal_does_not_answer_is_refused_with_a_reason() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        journal.available = False
        alice = Browser(rooms)
        assert (await alice.ask("no", "join", join=1, recording="r1"))["code"] == "unavailable"
        journal.available = True
        await alice.join("r1")

    play(script)
