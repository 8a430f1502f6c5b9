"""kill -9 loses nothing that was accepted: whatever was called kept is there again, and the lab goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.lab.serving import SLUG, Page, Server

S = 1_000_000


@pytest.mark.parametrize("acts", [1, 12])
def test_what_was_kept_before_a_kill_is_there_after_it(tmp_path: Path, acts: int) -> None:
    server = Server(tmp_path).start()
    page = Page.of(server, SLUG)
    page.join()
    future, kept = "0", []
    for n in range(acts):
        page.act(f"a{n}", future, (n + 1) * S, do="publish", exchange="", routing_key="nowhere", body=str(n))
        future = page.hear("cut")["future"]
        kept.append(page.hear("kept")["id"])
    page.say("go", join=0, future=future, at=[(acts + 3) * S, 0])
    before = page.hear("scene")
    server.kill()

    server.start()
    again = Page(server, page.cookie, page.recording)
    scene = again.join()
    assert [branch["id"] for branch in scene["tree"]] == kept
    assert scene["future"] == future
    again.say("go", join=0, future=future, at=[(acts + 3) * S, 0])
    assert again.hear("scene") == before
    again.act("after", future, (acts + 1) * S, do="publish", exchange="", routing_key="nowhere")
    assert again.hear("kept")["id"] == "after"
    again.close()
    server.stop()


def test_an_act_in_flight_when_the_server_dies_can_be_sent_again(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    page = Page.of(server, SLUG)
    page.join()
    heard = []
    for n in range(8):  # no waiting: some are kept, some cut, some not even read
        page.act(f"a{n}", f"a{n - 1}" if n else "0", (n + 1) * S, do="publish", exchange="", body=str(n))
    server.kill()
    try:
        while True:
            heard.append(page.hear("kept")["id"])
    except ConnectionClosed:
        pass

    server.start()
    again = Page(server, page.cookie, page.recording)
    there = [branch["id"] for branch in again.join()["tree"]]
    assert set(heard) <= set(there)
    for n in range(8):  # all of them again: those that are there get their own cut, the others are new
        again.act(f"a{n}", f"a{n - 1}" if n else "0", (n + 1) * S, do="publish", exchange="", body=str(n))
        assert again.hear("cut")["id"] == f"a{n}"
        assert again.hear("kept")["id"] == f"a{n}"
    third = Page(server, page.cookie, page.recording)
    assert [branch["id"] for branch in third.join()["tree"]] == [f"a{n}" for n in range(8)]
    for one in (again, third):
        one.close()
    server.stop()
