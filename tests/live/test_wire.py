"""What a browser sends is decoded strictly, and what cannot be read gets an answer that finds its
question."""

import json

import pytest

from mqlab.engine import commands
from mqlab.live import limits, wire

PUBLISH = {
    "op": "do",
    "join": 3,
    "id": "a1",
    "future": "0",
    "at": [5, 0],
    "command": {"do": "publish", "exchange": "x"},
}


def refused(message: object) -> wire.Unreadable:
    raw = message if isinstance(message, str) else json.dumps(message)
    with pytest.raises(wire.Unreadable) as caught:
        wire.decode(raw)
    return caught.value


def test_it_reads_an_act_with_its_command() -> None:
    ask = wire.decode(json.dumps(PUBLISH))
    assert ask == wire.Do(3, "a1", "0", (5, 0), commands.Publish("x"))


@pytest.mark.parametrize("raw", ["", "{", "nonsense", '{"op": "go"', '{"a":NaN}', "\ud800"])
def test_it_calls_broken_json_broken(raw: str) -> None:
    assert refused(raw).code == "bad_json"


@pytest.mark.parametrize(
    "message",
    [
        [],
        "[" * 20_000,
        7,
        {},
        {"op": "explode", "join": 1},
        {"op": "join", "join": 1},
        {"op": "join", "join": 16, "recording": "r"},
        {"op": "join", "join": -1, "recording": "r"},
        {"op": "join", "join": "1", "recording": "r"},
        {"op": "join", "join": 1, "recording": "../etc"},
        {"op": "join", "join": 1, "recording": "r\n"},
        {"op": "join", "join": 1, "recording": "r", "extra": 1},
        {"op": "go", "join": 1, "future": "0", "at": [1]},
        {"op": "go", "join": 1, "future": "0", "at": [-1, 0]},
        {"op": "go", "join": 1, "future": "0", "at": [1.5, 0]},
        {"op": "go", "join": 1, "future": "0", "at": [2**53, 0]},
        {"op": "go", "join": 1, "future": "x" * 33, "at": [1, 0]},
        {"op": "more", "join": 1, "future": "0", "after": [0, 0], "until": None},
    ],
)
def test_it_refuses_what_is_no_message(message: object) -> None:
    assert refused(message).code == "bad_message"


@pytest.mark.parametrize(
    "command",
    [
        None,
        {},
        {"do": "format_disk"},
        {"do": "crash"},
        {"do": "crash", "node": ""},
        {"do": "crash", "node": "n" * 256},
        {"do": "crash", "node": "worker-1", "hard": True},
        {"do": "publish", "exchange": "x", "headers": [[[[]]]]},
    ],
)
def test_it_says_which_act_had_a_command_that_does_not_exist(command: object) -> None:
    error = refused(PUBLISH | {"command": command})
    assert (error.code, error.join, error.id) == ("bad_command", 3, "a1")


def test_it_refuses_a_frame_over_the_limit_counted_in_bytes() -> None:
    assert refused("x" * (limits.FRAME_BYTES_MAX + 1)).code == "too_big"
    assert refused('"' + "é" * (limits.FRAME_BYTES_MAX // 2) + '"').code == "too_big"


@pytest.mark.parametrize("where", ["body", "routing_key", "headers", "header name"])
@pytest.mark.parametrize(("text", "words"), [("a\0b", "NUL"), ("a\ud800b", "surrogate")])
def test_it_refuses_text_that_no_page_can_show(where: str, text: str, words: str) -> None:
    command: dict[str, object] = {"do": "publish", "exchange": "x"}
    command |= {"headers": {"deep": [{"h": text}]}} if where == "headers" else {where: text}
    if where == "header name":
        command = {"do": "publish", "exchange": "x", "headers": {text: 1}}
    error = refused(PUBLISH | {"command": command})
    assert (error.code, error.join, error.id) == ("bad_message", 3, "a1")
    assert words in error.why


@pytest.mark.parametrize(
    "text",
    ["<img src=x onerror=alert(1)>", "<svg/onload=1>", "\u202eevil", "\\u0000", "e\u0301", "\U0001f600"],
)
def test_it_takes_text_that_is_only_ugly_as_it_is(text: str) -> None:
    ask = wire.decode(json.dumps(PUBLISH | {"command": {"do": "publish", "exchange": "x", "body": text}}))
    assert isinstance(ask, wire.Do)
    assert isinstance(ask.command, commands.Publish)
    assert ask.command.body == text


def test_it_names_the_start_of_a_stretch_from() -> None:
    made = json.loads(wire.encode(wire.Stretch("r", "0", (0, 0), (1_000_000, 0), [])))
    assert made == {
        "op": "stretch",
        "recording": "r",
        "future": "0",
        "from": [0, 0],
        "to": [1_000_000, 0],
        "events": [],
    }
