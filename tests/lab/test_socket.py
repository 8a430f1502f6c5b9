"""The socket of the real server: bad input of every kind is answered, and a lab beside it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mqlab.live import limits
from tests.lab.lab_page import SLUG, LabPage, open_page
from tests.lab_server import LabServer

S = 1_000_000
HOSTILE = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "\u202egnp.exe\u2066",
    "\x07\x1b[31m",
    "A" * 16_000,
]


@pytest.fixture
def page(server: LabServer) -> Iterator[LabPage]:
    made = LabPage.of(server, SLUG)
    yield made
    made.close()


@pytest.fixture
def other(server: LabServer) -> Iterator[LabPage]:
    """A lab beside it, of somebody else. After each test it must still run."""
    made = LabPage.of(server, SLUG)
    made.join()
    yield made
    made.act("o1", "0", 3 * S, do="publish", exchange="", routing_key="nowhere")
    assert made.hear("cut")["id"] == "o1"
    assert made.hear("kept")["id"] == "o1"
    made.close()


def test_a_lab_runs_over_the_socket(page: LabPage, other: LabPage) -> None:
    assert page.join()["role"] == "owner"
    page.say("more", join=0, future="0", after=[0, 0], until=2 * S)
    assert page.hear("stretch")["from"] == [0, 0]
    page.act("a1", "0", 2 * S, do="publish", exchange="", routing_key="nowhere")
    assert page.hear("cut")["future"] == "a1"
    assert page.hear("kept")["id"] == "a1"


@pytest.mark.parametrize("raw", ["", "{", "null", "[" * 60_000, '{"op":"join"}', '{"op":"\\ud800"}', "\x00"])
def test_what_is_no_message_is_answered(page: LabPage, other: LabPage, raw: str) -> None:
    page.socket.send(raw)
    assert page.hear("no")["code"] in ("bad_json", "bad_message")
    page.join()


def test_a_frame_that_is_too_big_closes_only_its_own_socket(page: LabPage, other: LabPage) -> None:
    page.join()
    page.act("a1", "0", S, do="publish", exchange="", body="x" * 1_000_000)
    with pytest.raises(ConnectionClosed) as caught:
        page.hear("cut")
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009  # message too big
    again = LabPage(page.server, page.cookie, page.recording)
    assert again.join()["tree"] == []
    again.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_travels_as_text_and_comes_back_whole(page: LabPage, other: LabPage, text: str) -> None:
    page.join()
    page.act(
        "a1", "0", S, do="publish", exchange="", routing_key=text[:200], body=text, headers={"h": text[:200]}
    )
    cut = page.hear("cut")
    assert cut["command"]["body"] == text
    assert cut["command"]["headers"] == {"h": text[:200]}
    assert page.hear("kept")["id"] == "a1"


@pytest.mark.parametrize("field", ["body", "routing_key", "key"])
@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_text_that_no_page_can_show_is_refused(page: LabPage, other: LabPage, field: str, text: str) -> None:
    page.join()
    command = {"do": "publish", "exchange": "", field: text}
    act = {"op": "do", "join": 0, "id": "a1", "future": "0", "at": [S, 0], "command": command}
    page.socket.send(json.dumps(act))
    no = page.hear("no")
    assert (no["id"], no["code"]) == ("a1", "bad_message")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"do": "publish", "exchange": "", "body": "é" * 16_000}, "bad_value"),
        ({"do": "publish", "exchange": "", "body": "x" * 17_000}, "bad_command"),
        ({"do": "reboot"}, "bad_command"),
        ({"do": "crash", "node": "<b>nobody</b>"}, "unknown_node"),
    ],
)
def test_a_command_that_cannot_be_is_refused_by_name(
    page: LabPage, other: LabPage, command: dict[str, str], code: str
) -> None:
    page.join()
    page.act("a1", "0", S, **command)
    no = page.hear("no")
    assert (no["id"], no["code"]) == ("a1", code)


def test_an_id_used_twice_with_other_content_is_refused(page: LabPage, other: LabPage) -> None:
    page.join()
    page.act("a1", "0", S, do="publish", exchange="", body="one")
    page.hear("kept")
    page.act("a1", "0", S, do="publish", exchange="", body="two")
    assert page.hear("no")["code"] == "conflict"


def test_a_flood_is_shown_the_door(page: LabPage, other: LabPage) -> None:
    for _ in range(2 * limits.MESSAGES_BURST):
        page.socket.send("flood")
    assert page.hear("bye")["code"] == "too_fast"
    with pytest.raises(ConnectionClosed):
        page.hear("anything")


def test_a_ninth_socket_is_told_why(server: LabServer, other: LabPage) -> None:
    first = LabPage.of(server, SLUG)
    more = [LabPage(server, first.cookie, first.recording) for _ in range(limits.SOCKETS_PER_SESSION_MAX - 1)]
    ninth = LabPage(server, first.cookie, first.recording)
    assert ninth.hear("bye")["code"] == "sockets"
    for socket in [first, *more, ninth]:
        socket.close()


@pytest.mark.parametrize("cookie", ["", "mqlab_session=", "mqlab_session=invented", "other=1"])
def test_a_socket_without_a_session_is_told_to_open_a_page_first(
    server: LabServer, other: LabPage, cookie: str
) -> None:
    stray = LabPage(server, cookie, other.recording)
    assert stray.hear("bye")["code"] == "no_session"
    stray.close()


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
def test_another_sites_page_gets_no_socket(server: LabServer, other: LabPage, origin: str | None) -> None:
    address = f"ws://127.0.0.1:{server.port}/ws/lab/"
    cookie = {"Cookie": other.cookie}
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(address, origin=origin, additional_headers=cookie),  # type: ignore[arg-type]
    ):
        pass
    assert caught.value.response.status_code in (400, 403)


def test_somebody_elses_lab_can_be_looked_at_but_acting_makes_a_copy(page: LabPage, other: LabPage) -> None:
    page.recording = other.recording
    assert page.join()["role"] == "viewer"
    page.act("a1", "0", S, do="publish", exchange="")
    moved = page.hear("moved")
    assert moved["recording"] != other.recording
    assert page.hear("cut")["recording"] == moved["recording"]
    html, _ = open_page(page.server, f"/r/{moved['recording']}", page.cookie)
    assert moved["recording"] in html
