"""kill -9 loses nothing that was accepted: whatever was called kept is there again, and the lab goes on."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from tests.lab.lab_page import SLUG, LabPage
from tests.lab_server import LabServer

S = 1_000_000


@pytest.mark.parametrize("acts", [1, 12])
def test_what_was_kept_before_a_kill_is_there_after_it(own_server: LabServer, acts: int) -> None:
    page = LabPage.of(own_server, SLUG)
    page.join()
    future, kept = "0", []
    for n in range(acts):
        page.act(f"a{n}", future, (n + 1) * S, do="publish", exchange="", routing_key="nowhere", body=str(n))
        future = page.hear("cut")["future"]
        kept.append(page.hear("kept")["id"])
    page.say("go", join=0, future=future, at=[(acts + 3) * S, 0])
    before = page.hear("scene")
    own_server.kill()

    own_server.start()
    again = LabPage(own_server, page.cookie, page.recording)
    scene = again.join()
    assert [branch["id"] for branch in scene["tree"]] == kept
    assert scene["future"] == future
    again.say("go", join=0, future=future, at=[(acts + 3) * S, 0])
    assert again.hear("scene") == before
    again.act("after", future, (acts + 1) * S, do="publish", exchange="", routing_key="nowhere")
    assert again.hear("kept")["id"] == "after"
    again.close()


def test_an_act_in_flight_when_the_server_dies_can_be_sent_again(own_server: LabServer) -> None:
    page = LabPage.of(own_server, SLUG)
    page.join()
    heard = []
    for n in range(8):  # no waiting: some are kept, some cut, some not even read
        page.act(f"a{n}", f"a{n - 1}" if n else "0", (n + 1) * S, do="publish", exchange="", body=str(n))
    own_server.kill()
    try:
        while True:
            heard.append(page.hear("kept")["id"])
    except ConnectionClosed:
        pass

    own_server.start()
    again = LabPage(own_server, page.cookie, page.recording)
    there = [branch["id"] for branch in again.join()["tree"]]
    assert set(heard) <= set(there)
    for n in range(8):  # all of them again: those that are there get their own cut, the others are new
        again.act(f"a{n}", f"a{n - 1}" if n else "0", (n + 1) * S, do="publish", exchange="", body=str(n))
        assert again.hear("cut")["id"] == f"a{n}"
        assert again.hear("kept")["id"] == f"a{n}"
    third = LabPage(own_server, page.cookie, page.recording)
    assert [branch["id"] for branch in third.join()["tree"]] == [f"a{n}" for n in range(8)]
    for one in (again, third):
        one.close()
