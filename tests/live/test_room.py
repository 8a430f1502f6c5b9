"""A room on its sockets: who may open, drive and act; what everybody is told; what hostile messages get."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mqlab.live import limits
from mqlab.live.rooms import Rooms
from tests.live.browser import Browser, Message, play
from tests.live.memory_journal import MemoryJournal

S = 1_000_000
PUBLISH = {"do": "publish", "exchange": "orders", "routing_key": "order.eu"}


async def opened(rooms: Rooms, **options: Any) -> tuple[Browser, Browser]:
    """Alice's r1 together, Bob watching."""
    alice, bob = Browser(rooms, "alice"), Browser(rooms, "bob")
    await alice.join()
    await bob.join()
    await alice.ask("beat", "together", join=1, on=True, **options)
    await bob.hear("beat")
    return alice, bob


async def beat(browser: Browser) -> Message:
    return await browser.ask("beat", "beat", join=1, t0=5.5)


def test_the_owner_opens_the_room_and_everybody_hears_it_in_one_frame() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, at=[3 * S, 0], speed=2)
        told = await bob.hear("beat")
        assert (told["at"], told["stop"], told["speed"], told["playing"]) == (
            [3 * S, 0],
            [3 * S, 0],
            2,
            False,
        )
        assert (told["locked"], told["here"], told["future"]) == (True, 2, "0")
        assert alice.raw[-1] is bob.raw[-1]
        assert {"t0", "join", "away"}.isdisjoint(
            told
        )  # it answers no question: nobody's clock is measured by it

    play(script)


def test_a_beat_brings_the_browsers_own_time_back() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        _, bob = await opened(rooms, playing=True)
        answer = await beat(bob)
        assert (answer["t0"], answer["join"], answer["playing"]) == (5.5, 1, True)
        later = await beat(bob)
        assert later["now"] >= answer["now"]
        assert later["at"] >= answer["at"]
        assert later["turn"] == answer["turn"]

    play(script)


def test_without_a_room_a_beat_says_so() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        bob = Browser(rooms, "bob")
        await bob.join()
        assert (await bob.ask("apart", "beat", join=1, t0=1))["join"] == 1

    play(script)


def test_who_comes_late_begins_where_the_room_is() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, _ = await opened(rooms)
        await alice.act("a1", "0", [0, 0])
        await alice.ask("beat", "drive", join=1, at=[7 * S, 0])
        late = await Browser(rooms, "eve").join()
        assert (late["future"], late["at"], late["role"]) == ("a1", [7 * S, 0], "viewer")

    play(script)


def test_the_owner_drives_and_the_others_are_told() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms)
        alice.say("drive", join=1, at=[20 * S, 0], playing=True, speed=4)
        told = await bob.hear("beat", 2)
        assert (told["at"][0] >= 20 * S, told["playing"], told["speed"]) == (True, True, 4)
        alice.say("drive", join=1, speed=2, mark=7)
        assert (await alice.hear("beat", 4))["mark"] == 7
        assert "mark" not in await bob.hear("beat", 3)
        alice.say("together", join=1, on=False)
        await bob.hear("apart")

    play(script)


def test_nobody_else_drives_or_opens_a_room() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms)
        for op, fields in (
            ("drive", {"playing": True}),
            ("together", {"on": False}),
            ("together", {"on": True}),
        ):
            assert (await bob.ask("no", op, join=1, **fields))["code"] == "role"
        frozen = Browser(rooms, "carol")  # even its own owner drives no shared, frozen recording
        await frozen.join("shared")
        assert (await frozen.ask("no", "together", join=1, on=True))["code"] == "role"
        assert (await beat(alice))["playing"] is False

    play(script)


def test_locked_acts_are_refused_and_unlocked_ones_enter_the_shared_recording() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms)
        refused = await bob.ask("no", "do", join=1, id="b1", future="0", at=[0, 0], command=PUBLISH)
        assert (refused["code"], refused["id"]) == ("locked", "b1")
        assert len(journal.recordings) == 3  # and no copy was made of it
        told = await alice.ask("beat", "together", join=1, on=True, locked=False)
        assert told["locked"] is False
        cut = await bob.act("b1", "0", [0, 0], PUBLISH)
        assert (await alice.hear("cut")) == cut
        await bob.hear("kept")
        assert [stored.id for stored in journal.recordings["r1"].stored] == ["b1"]
        assert not any(frame["op"] == "moved" for frame in bob.frames)

    play(script)


def test_the_room_says_where_an_act_happens_whatever_its_sender_thinks() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, at=[5 * S, 0], playing=True)
        cut = await alice.act("a1", "0", [599 * S, 0])
        assert 5 * S + limits.TOGETHER_LEAD_MS * 1_000 <= cut["at"][0] < 10 * S
        again = await alice.act("a1", "0", [599 * S, 0])  # sent twice: its own cut again
        assert (again["at"], again["future"]) == (cut["at"], "a1")
        assert cut["together"] is again["together"] is True
        assert (await beat(bob))["future"] == "a1"
        await alice.ask("apart", "together", join=1, on=False)
        assert (await alice.act("a1", "0", [599 * S, 0]))["at"] == cut["at"]

    play(script)


def test_two_acts_at_once_happen_one_after_the_other() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, locked=False)
        for browser, name in ((alice, "a1"), (bob, "b1")):
            browser.say("do", join=1, id=name, future="0", at=[0, 0], command=PUBLISH)
        second = await alice.hear("cut", 2)
        assert (second["id"], second["parent"]) == ("b1", "a1")

    play(script)


def test_a_room_without_its_owner_says_when_it_will_stand() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, at=[5 * S, 0], playing=True)
        alice.session.left()
        told = await bob.hear("beat", 2)
        assert 5 * S < told["stop"][0] < 60 * S
        back = Browser(rooms, "alice")
        await back.join()
        assert (await bob.hear("beat", 3))["stop"] == [600 * S, 0]

    play(script)


def test_a_room_falls_back_when_its_act_cannot_be_stored() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, at=[5 * S, 0])
        journal.available = False
        await alice.act("a1", "0", [0, 0])
        told = await bob.hear("beat", 2)
        assert (told["future"], told["at"]) == ("0", [5 * S, 0])

    play(script)


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "drive", "at": [2**53, 0]},
        {"op": "drive", "at": [-1, 0]},
        {"op": "drive", "at": [1.5, 0]},
        {"op": "drive", "speed": 0},
        {"op": "drive", "speed": 1e308},
        {"op": "drive", "speed": "fast"},
        {"op": "drive", "future": "x" * 33},
        {"op": "drive", "playing": 1},
        {"op": "drive", "locked": True},
        {"op": "together"},
        {"op": "together", "on": True, "speed": -1},
        {"op": "beat"},
        {"op": "beat", "t0": -1},
        {"op": "beat", "t0": 1e300},
        {"op": "beat", "t0": "now"},
    ],
    ids=str,
)
def test_a_message_out_of_bounds_is_answered_and_moves_nothing(fields: dict[str, Any]) -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, _ = await opened(rooms, at=[5 * S, 0])
        assert (await alice.ask("no", join=1, **fields))["code"] == "bad_message"
        assert (await beat(alice))["at"] == [5 * S, 0]

    play(script)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"op": "drive", "at": [601 * S, 0]}, "outside"),
        ({"op": "drive", "at": [5 * S, 2**53 - 1]}, "outside"),
        ({"op": "drive", "future": "nothing"}, "stale"),
        ({"op": "drive", "join": 7}, "not_joined"),
        ({"op": "together", "join": 7, "on": True}, "not_joined"),
        ({"op": "beat", "join": 7, "t0": 1}, "not_joined"),
    ],
    ids=str,
)
def test_a_place_that_is_not_there_is_refused_and_moves_nothing(fields: dict[str, Any], code: str) -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, _ = await opened(rooms, at=[5 * S, 0])
        assert (await alice.ask("no", **{"join": 1, **fields}))["code"] == code
        told = await beat(alice)
        assert (told["at"], told["future"], told["turn"]) == ([5 * S, 0], "0", 1)

    play(script)


def test_driving_without_a_room_is_refused() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms, "alice")
        await alice.join()
        assert (await alice.ask("no", "drive", join=1, playing=True))["code"] == "apart"
        assert (await alice.ask("no", "together", join=1, on=True, at=[1, 10**6]))["code"] == "outside"
        assert await alice.ask("apart", "beat", join=1, t0=1)

    play(script)


def test_driving_too_fast_is_refused_and_beats_go_on() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, _ = await opened(rooms)
        for _ in range(limits.DRIVES_BURST):
            alice.say("drive", join=1, at=[1 * S, 0])
        refused = await alice.hear("no")
        assert refused["code"] == "too_fast"
        assert refused["retry_ms"] > 0
        assert (await beat(alice))["t0"] == 5.5

    play(script)


def test_somebody_elses_act_sent_again_with_other_content_is_refused() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms, locked=False)
        await alice.act("a1", "0", [0, 0])
        other = {**PUBLISH, "routing_key": "other"}
        no = await bob.ask("no", "do", join=1, id="a1", future="0", at=[0, 0], command=other)
        assert no["code"] == "conflict"
        assert (await bob.act("a1", "0", [0, 0]))["id"] == "a1"  # the same content: its own cut, nothing new
        assert len(journal.recordings["r1"].stored) == 1

    play(script)


def test_who_left_the_room_hears_no_more_of_it() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = await opened(rooms)
        bob.say("leave", join=1)
        told = await alice.ask("beat", "drive", join=1, playing=True)
        assert told["here"] == 1
        await asyncio.sleep(0)
        assert sum(frame["op"] == "beat" for frame in bob.frames) == 1

    play(script)
