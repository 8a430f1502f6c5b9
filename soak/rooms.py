"""A real server under visitors who do anything: act, seek, pull, drive a room, send rubbish, hang up; and it is killed.

What must hold: no visitor gets an answer that is no answer, every act that was called kept is there after the kill, and
the server never speaks of an error of its own."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.lab.lab_page import SLUG, LabPage, open_page
from tests.lab_server import LabServer
from tests.live.browser import Message, read

SECOND = 1_000_000
LIVES, MOVES, VISITORS = 2, 120, 6
ANSWERS = {"scene", "stretch", "cut", "carried", "differences", "label", "note", "kept", "no", "moved"}
ANSWERS |= {"bye", "beat", "apart"}
RUBBISH = [
    "",
    "{",
    "[]",
    '{"op":"do"}',
    '{"op":"beat","join":0,"t0":-1}',
    '{"op":"drive","join":99}',
    "\ud7ff" * 9,
]


def trial(seed: int) -> str:
    """One server, killed and started again between its lives. Raises AssertionError where something does not hold."""
    chance = random.Random(seed)
    kept: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        server = LabServer(Path(folder) / "data").start()
        try:
            owner = LabPage.of(server, SLUG)
            owner.close()
            for _ in range(LIVES):
                _live(server, owner, chance, kept)
                server.kill()
                server.start()
            again = LabPage(server, owner.cookie, owner.recording)
            there = {branch["id"] for branch in again.join()["tree"]}
            again.close()
            assert kept <= there, f"kept and gone: {sorted(kept - there)}"
            assert "Traceback" not in server.log, server.log
        finally:
            server.kill()
    return f"{LIVES * MOVES} moves, {len(kept)} acts kept through {LIVES} kills"


def _live(server: LabServer, owner: LabPage, chance: random.Random, kept: set[str]) -> None:
    strangers = [open_page(server, "/lab/" + SLUG + "/")[1] for _ in range(VISITORS - 1)]
    seats: list[LabPage | None] = [None] * VISITORS
    tree = ["0"]
    for n in range(MOVES):
        at = chance.randrange(VISITORS)
        page = seats[at]
        if page is None:
            cookie = owner.cookie if at == 0 else strangers[at - 1]
            page = seats[at] = LabPage(server, cookie, owner.recording)
            page.say("join", join=0, recording=owner.recording)
            continue
        try:
            if chance.random() < 0.1:
                page.close()
                seats[at] = None
            elif chance.random() < 0.1:
                page.socket.send(chance.choice(RUBBISH))
            else:
                op, fields = _move(chance, tree, f"{chance.randrange(2**40):x}-{n}")
                page.say(op, join=0, **fields)
            _hear(page, owner.recording, tree, kept)
        except ConnectionClosed:
            seats[at] = None
    for page in filter(None, seats):
        with contextlib.suppress(ConnectionClosed):
            page.say("beat", join=0, t0=1)
            while _one(page, owner.recording, tree, kept, 10)["op"] not in ("beat", "apart", "no", "bye"):
                pass
        page.close()


def _move(chance: random.Random, tree: list[str], id: str) -> tuple[str, dict[str, Any]]:
    future, t = chance.choice(tree[-3:]), chance.randrange(30 * SECOND)
    place = {"future": future, "at": [t, 0]}
    acts: list[Message] = [
        {"do": "publish", "exchange": "", "routing_key": "nowhere", "body": "x" * chance.randrange(9)},
        {"do": "crash", "node": "worker-1"},
        {"do": "restart", "node": "worker-1"},
    ]
    return chance.choice(
        [
            ("do", {"id": id, **place, "command": chance.choice(acts)}),
            ("do", {"id": id, **place, "command": chance.choice(acts)}),
            ("go", place),
            ("more", {"future": future, "after": [t, 0], "until": t + 3 * SECOND}),
            ("beat", {"t0": t / 1_000}),
            (
                "together",
                {"on": chance.random() < 0.8, "locked": chance.random() < 0.5, "playing": True, **place},
            ),
            ("drive", {"playing": chance.random() < 0.5, "speed": chance.choice([0.25, 1, 8])}),
            ("drive", place),
        ]
    )


def _hear(page: LabPage, recording: str, tree: list[str], kept: set[str]) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            _one(page, recording, tree, kept, 0.01)


def _one(page: LabPage, recording: str, tree: list[str], kept: set[str], timeout_s: float) -> Message:
    frame = read(page.socket.recv(timeout=timeout_s))
    assert frame["op"] in ANSWERS, json.dumps(frame)[:300]
    assert frame.get("code") != "internal", frame
    if frame.get("recording") == recording:
        if frame["op"] == "cut" and not frame.get("code"):
            tree.append(frame["id"])
        elif frame["op"] == "kept":
            kept.add(frame["id"])
    return frame
