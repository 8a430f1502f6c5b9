"""One socket: join, look, pull, act, leave; every refusal is an answer, and the lab goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mqlab.live import limits
from mqlab.live.rooms import Rooms
from tests.live.browser import Browser, play
from tests.live.memory_journal import MemoryJournal

S = 1_000_000


def test_joining_shows_the_whole_picture_and_who_one_is() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        scene = await Browser(rooms, "alice").join()
        assert (scene["recording"], scene["join"], scene["future"], scene["at"]) == ("r1", 1, "0", [0, 0])
        assert (scene["role"], scene["tree"]) == ("owner", [])
        assert {"billing", "orders", "web", "worker-1"} <= set(scene["scene"]["nodes"])
        assert (await Browser(rooms, "bob").join())["role"] == "viewer"
        assert journal.loads == 1

    play(script)


def test_pulling_brings_pieces_that_meet_end_to_end() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        alice.say("more", join=1, future="0", after=[0, 0], until=3 * S)
        await alice.hear("stretch", 3)
        await asyncio.sleep(0.05)
        stretches = [frame for frame in alice.frames if frame["op"] == "stretch"]
        assert [stretch["from"] for stretch in stretches] == [[0, 0], [S, 0], [2 * S, 0]]
        assert [stretch["to"] for stretch in stretches] == [[S, 0], [2 * S, 0], [3 * S, 0]]
        assert all(event["t"] < 3 * S for stretch in stretches for event in stretch["events"])
        assert stretches[1]["events"]

    play(script)


def test_a_piece_is_encoded_once_for_all_who_watch() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = Browser(rooms, "alice"), Browser(rooms, "bob")
        for browser in (alice, bob):
            await browser.join()
            await browser.ask("stretch", "more", join=1, future="0", after=[0, 0], until=S)
        assert alice.raw[-1] is bob.raw[-1]

    play(script)


def test_an_act_cuts_for_everybody_and_is_then_kept() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob, eve = Browser(rooms, "alice"), Browser(rooms, "bob"), Browser(rooms, "alice")
        await alice.join()
        await bob.join(join=5)
        await eve.join("r2")
        cut = await alice.act("a1", "0", [2 * S, 0])
        assert (cut["id"], cut["future"], cut["parent"], cut["at"]) == ("a1", "a1", "0", [2 * S, 0])
        assert cut["to"][0] >= 2 * S + limits.AHEAD_MS_MIN * 1_000
        assert cut["events"][0]["cause"] == "do:a1"
        assert await bob.hear("cut") == cut
        assert (await alice.hear("kept"))["id"] == "a1"
        assert (await bob.hear("kept"))["id"] == "a1"
        assert [frame["op"] for frame in eve.frames] == ["scene"]
        assert [frame["op"] for frame in alice.frames] == ["scene", "cut", "kept"]
        assert journal.recordings["r1"].stored[0].id == "a1"

    play(script)


def test_a_socket_that_joins_one_recording_twice_gets_each_cut_once() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join(join=1)
        await alice.join(join=2)
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        assert [frame["op"] for frame in alice.frames] == ["scene", "scene", "cut", "kept"]
        alice.say("leave", join=1)
        await alice.act("a2", "a1", [2 * S, 0], join=2)

    play(script)


def test_the_same_act_sent_again_gets_its_own_cut_again_and_is_stored_once() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = Browser(rooms), Browser(rooms, "bob")
        await alice.join()
        await bob.join()
        first = await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        again = await alice.act("a1", "0", [S, 0])
        assert again == first
        await alice.hear("kept", 2)
        assert len(journal.recordings["r1"].stored) == 1
        assert sum(frame["op"] == "cut" for frame in bob.frames) == 1

    play(script)


def test_the_future_that_was_cut_goes_on_where_the_cut_ended() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        cut = await alice.act("a1", "0", [1_500_000, 0])
        stretch = await alice.ask(
            "stretch", "more", join=1, future="a1", after=cut["to"], until=cut["to"][0] + 1
        )
        assert stretch["from"] <= cut["to"] < stretch["to"]

    play(script)


def test_coming_back_starts_just_after_the_last_act() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        alice.session.left()
        scene = await Browser(rooms).join()
        assert (scene["future"], scene["at"]) == ("a1", [S, 1])
        assert [(branch["id"], branch["kept"]) for branch in scene["tree"]] == [("a1", True)]

    play(script)


DO: dict[str, Any] = {"id": "z", "future": "0", "at": [S, 0], "command": {"do": "crash", "node": "worker-1"}}


@pytest.mark.parametrize(
    ("op", "fields", "code"),
    [
        ("do", DO | {"future": "nowhere"}, "stale"),
        ("do", DO | {"future": "a1", "at": [S - 1, 0]}, "stale"),
        ("do", DO | {"id": "a1"}, "conflict"),
        ("do", DO | {"at": [600 * S + 1, 0]}, "outside"),
        ("do", DO | {"command": {"do": "crash", "node": "nobody"}}, "unknown_node"),
        ("do", DO | {"command": {"do": "restart", "node": "worker-1"}}, "up"),
        ("do", DO | {"command": {"do": "explode"}}, "bad_command"),
        (
            "do",
            DO | {"command": {"do": "change", "node": "web", "settings": {"rate": {"poisson": 1e12}}}},
            "bad_value",
        ),
        (
            "do",
            DO | {"command": {"do": "change", "node": "web", "settings": {"colour": 1}}},
            "unknown_setting",
        ),
        ("go", {"future": "nowhere", "at": [0, 0]}, "stale"),
        ("go", {"future": "0", "at": [601 * S, 0]}, "outside"),
        ("more", {"future": "nowhere", "after": [0, 0], "until": S}, "stale"),
        ("more", {"future": "0", "after": [601 * S, 0], "until": 602 * S}, "outside"),
        ("go", {"future": "0"}, "bad_message"),
    ],
)
def test_what_the_lab_cannot_do_is_answered_and_changes_nothing(
    op: str, fields: dict[str, Any], code: str
) -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        before = await alice.ask("scene", "go", join=1, future="a1", at=[3 * S, 0])
        no = await alice.ask("no", op, join=1, **fields)
        assert (no["code"], no["join"], no.get("id", "")) == (code, 1, fields.get("id", ""))
        assert len(no["why"]) > 10
        assert await alice.ask("scene", "go", join=1, future="a1", at=[3 * S, 0]) == before
        assert not alice.closed

    play(script)


def test_messages_for_a_join_that_is_not_there_are_answered() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        assert (await alice.ask("no", "go", join=3, future="0", at=[0, 0]))["code"] == "not_joined"
        assert (await alice.ask("no", "join", join=3, recording="missing"))["code"] == "unknown_recording"
        await alice.join(join=3)
        assert (await alice.ask("no", "join", join=3, recording="r2"))["code"] == "joined"
        alice.say("leave", join=3)
        assert (await alice.ask("no", "leave", join=3))["code"] == "not_joined"
        await alice.join("r2", join=3)

    play(script)


def test_a_visitors_first_act_moves_them_to_a_copy_of_their_own() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        bob, carol = Browser(rooms, "bob"), Browser(rooms, "carol")
        assert (await bob.join("shared"))["role"] == "viewer"
        assert (await carol.join("shared"))["role"] == "viewer"  # frozen also for who shared it
        cut = await bob.act("b1", "0", [S, 0])
        moved = await bob.hear("moved")
        assert moved["join"] == 1
        assert moved["recording"] == cut["recording"] != "shared"
        kept = await bob.hear("kept")
        assert kept["recording"] == moved["recording"]
        assert journal.recordings["shared"].stored == ()
        assert [stored.id for stored in journal.recordings[moved["recording"]].stored] == ["b1"]
        assert [frame["op"] for frame in carol.frames] == ["scene"]
        assert (await bob.act("b2", "b1", [2 * S, 0]))["recording"] == moved["recording"]
        assert sum(frame["op"] == "moved" for frame in bob.frames) == 1

    play(script)


def test_an_act_on_somebody_elses_recording_never_changes_theirs() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        mallory = Browser(rooms, "mallory")
        await mallory.join("r1")
        await mallory.act("m1", "0", [S, 0])
        await mallory.hear("kept")
        assert journal.recordings["r1"].stored == ()

    play(script)


def test_a_flood_of_acts_is_slowed_and_then_shown_the_door_while_another_lab_goes_on() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        mallory, alice = Browser(rooms, "mallory"), Browser(rooms, "alice")
        await mallory.join("shared")
        await alice.join("r1")
        for n in range(limits.DO_BURST + limits.OVER_QUOTA_IN_A_ROW_MAX):
            mallory.say("do", join=1, id=f"m{n}", future="0", at=[S, 0], command={"do": "explode"})
        for _ in range(limits.MESSAGES_BURST):
            mallory.say("more", join=9, future="0", after=[0, 0], until=S)
        no = await mallory.hear("no", 1)
        assert no["code"] == "bad_command"
        assert (await mallory.hear("bye"))["code"] == "too_fast"
        refusals = [
            frame for frame in mallory.frames if frame.get("code") == "too_fast" and frame["op"] == "no"
        ]
        assert len(refusals) == limits.OVER_QUOTA_IN_A_ROW_MAX - 1
        assert all(frame["retry_ms"] > 0 for frame in refusals)
        assert mallory.closed
        assert mallory.frames[-1]["op"] == "bye"
        await alice.act("a1", "0", [S, 0])

    play(script)


def test_acts_over_the_quota_are_answered_with_when_to_try_again() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        await alice.join()
        for n in range(limits.DO_BURST + 1):
            alice.say("do", **(DO | {"join": 1, "id": f"a{n}", "future": "nowhere"}))
        await alice.hear("no", limits.DO_BURST + 1)
        no = next(frame for frame in alice.frames if frame.get("code") == "too_fast")
        assert no["id"] == f"a{limits.DO_BURST}"
        assert 0 < no["retry_ms"] <= 1_000 / limits.DO_PER_S
        await asyncio.sleep(no["retry_ms"] / 1_000)
        await alice.act("late", "0", [S, 0])

    play(script)


def test_the_ninth_socket_of_a_session_is_told_why_it_is_closed() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        browsers = [Browser(rooms) for _ in range(limits.SOCKETS_PER_SESSION_MAX + 1)]
        assert [browser.closed for browser in browsers] == [False] * limits.SOCKETS_PER_SESSION_MAX + [True]
        assert browsers[-1].frames[0]["code"] == "sockets"
        browsers[-1].say("join", join=1, recording="r1")
        browsers[0].session.left()
        await Browser(rooms).join()

    play(script)


def test_nothing_is_sent_to_a_socket_that_has_left() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice, bob = Browser(rooms), Browser(rooms, "bob")
        await alice.join()
        await bob.join()
        bob.say("more", join=1, future="0", after=[0, 0], until=40 * S)
        bob.session.left()
        heard = len(bob.frames)
        await alice.act("a1", "0", [S, 0])
        await alice.hear("kept")
        assert len(bob.frames) == heard

    play(script)


def test_a_binary_frame_from_a_browser_is_answered() -> None:
    async def script(rooms: Rooms, journal: MemoryJournal) -> None:
        alice = Browser(rooms)
        alice.session.receive(b"\x00\xff")
        assert (await alice.hear("no"))["code"] == "bad_message"

    play(script)
