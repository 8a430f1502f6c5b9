"""Carrying over, labels and notes on a socket: told to all, kept, refused where one may not, the same when sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mqlab.live import limits
from mqlab.live.remarks import Note
from mqlab.live.rooms import Rooms
from tests.live.browser import Browser, play
from tests.live.memory_journal import MemoryJournal

S = 1_000_000
CRASH = {"do": "crash", "node": "worker-1"}
UP = {"do": "restart", "node": "worker-1"}
PREFETCH = {"do": "change", "node": "worker-2", "settings": {"prefetch": 1}}


async def two_acts(rooms: Rooms) -> Browser:
    """Alice crashed worker-1 at 2 s, and started it again at 3 s."""
    alice = Browser(rooms)
    await alice.join()
    await alice.act("crash", "0", [2 * S, 0], CRASH)
    await alice.act("up", "crash", [3 * S, 0], UP)
    await alice.hear("kept", 2)
    return alice


async def settled(journal: MemoryJournal, count: int) -> None:
    async with asyncio.timeout(5):
        while len(journal.recordings["r1"].stored) < count:
            await asyncio.sleep(0.001)


def test_one_setting_changed_is_a_new_future_with_the_same_acts_told_to_all_and_kept() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        bob = Browser(rooms, "bob")
        await bob.join()
        carried = await alice.ask(
            "carried", "carry", join=1, id="n", future="0", acts=["crash", "up"], command=PREFETCH
        )
        assert (carried["future"], carried["refused"], carried["id"]) == ("n-2", [], "n")
        await settled(journal, 5)
        stored = [(one.id, one.parent, one.t) for one in journal.recordings["r1"].stored[2:]]
        assert stored == [("n", "0", 0), ("n-1", "n", 2 * S), ("n-2", "n-1", 3 * S)]
        cuts = [(frame["id"], frame["parent"]) for frame in bob.frames if frame["op"] == "cut"]
        assert cuts == [("n", "0"), ("n-1", "n"), ("n-2", "n-1")]
        assert not any(frame["op"] == "carried" for frame in bob.frames)

    play(script)


def test_without_the_crash_the_restart_is_told_as_refused_and_sending_it_again_makes_nothing() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        first = await alice.ask("carried", "carry", join=1, id="n", future="0", acts=["up"])
        assert first["future"] == "0"
        assert first["refused"] == [{"act": "up", "why": "worker-1 is running: crash it first."}]
        again = await alice.ask("carried", "carry", join=1, id="n", future="0", acts=["up"])
        assert again == first
        assert len(journal.recordings["r1"].stored) == 2

    play(script)


def test_a_viewer_who_carries_over_does_so_on_a_copy() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        await two_acts(rooms)
        bob = Browser(rooms, "bob")
        await bob.join()
        carried = await bob.ask("carried", "carry", join=1, id="n", future="0", acts=["crash"])
        moved = next(frame for frame in bob.frames if frame["op"] == "moved")
        assert carried["recording"] == moved["recording"] != "r1"
        assert len(journal.recordings["r1"].stored) == 2

    play(script)


def test_what_cannot_be_kept_is_not_carried() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        rooms.keeper.read_only = True
        no = await alice.ask("no", "carry", join=1, id="n", future="0", acts=["crash"])
        assert (no["code"], no["id"]) == ("read_only", "n")

    play(script)


def test_a_label_and_a_note_are_stored_told_to_all_and_there_for_who_comes_later() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        bob = Browser(rooms, "bob")
        await bob.join()
        alice.say("label", join=1, future="crash", text="the crash")
        assert (await bob.hear("label"))["text"] == "the crash"
        note = {"id": "n1", "future": "crash", "t": 2 * S, "text": "Here it dies.", "message": "web-3"}
        alice.say("note", join=1, **note)
        assert (await bob.hear("note"))["note"] == note
        assert journal.recordings["r1"].labels == {"crash": "the crash"}
        assert [one.text for one in journal.recordings["r1"].notes] == ["Here it dies."]
        scene = await Browser(rooms, "carol").join()
        assert scene["notes"] == [note]
        assert [one.get("label", "") for one in scene["tree"]] == ["the crash", ""]
        alice.say("note", join=1, **{**note, "text": ""})
        await bob.hear("note", 2)
        assert journal.recordings["r1"].notes == ()

    play(script)


def test_only_the_owner_writes_and_only_on_futures_that_are_there() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await two_acts(rooms), Browser(rooms, "bob")
        await bob.join()
        assert (await bob.ask("no", "label", join=1, future="crash", text="mine"))["code"] == "not_yours"
        assert (await alice.ask("no", "label", join=1, future="gone", text="mine"))["code"] == "stale"
        assert journal.recordings["r1"].labels == {}

    play(script)


def test_the_last_note_has_no_room_and_says_so() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        for n in range(limits.NOTES_MAX):
            rooms._open["r1"].remarks.note(Note(f"n{n}", "0", n, "taken"))
        no = await alice.ask("no", "note", join=1, id="one-more", future="0", t=0, text="x")
        assert (no["code"], no["id"]) == ("bounds", "one-more")

    play(script)


def test_a_label_that_cannot_be_stored_is_not_there() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        journal.available = False
        no = await alice.ask("no", "label", join=1, future="crash", text="lost")
        assert no["code"] == "unavailable"
        journal.available = True
        assert (await Browser(rooms).join())["tree"][0].get("label", "") == ""

    play(script)


@pytest.mark.parametrize(
    ("op", "fields"),
    [
        ("carry", {"id": "x" * 27, "future": "0", "acts": []}),
        ("carry", {"id": "x", "future": "0", "acts": ["a"] * 1001}),
        ("label", {"future": "0", "text": "x" * 61}),
        ("note", {"id": "x", "future": "0", "t": 0, "text": "x" * 501}),
        ("note", {"id": "x", "future": "0", "t": 600 * S + 1, "text": "x"}),
    ],
)
def test_what_is_too_long_is_answered(op: str, fields: dict[str, Any]) -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        assert (await alice.ask("no", op, join=1, **fields))["code"] == "bad_message"

    play(script)


def test_what_differs_between_two_futures_is_answered_to_who_asked() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = await two_acts(rooms)
        bob = Browser(rooms, "bob")
        await bob.join()
        found = await bob.ask("differences", "differ", join=1, future="0", other="up", t=9 * S)
        told = found["differences"]
        assert (found["future"], found["other"], found["t"]) == ("0", "up", 9 * S)
        assert told["count"] + told["later"] > 0
        assert all(one["text"].endswith(".") for one in told["sentences"])
        earlier = await bob.ask("differences", "differ", join=1, future="0", other="up", t=S)
        assert (earlier["differences"]["count"], earlier["differences"]["later"]) == (0, 0)
        no = await bob.ask("no", "differ", join=1, future="0", other="gone", t=S)
        assert no["code"] == "stale"
        assert not any(frame["op"] == "differences" for frame in alice.frames)

    play(script)
