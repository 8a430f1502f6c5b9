"""The browser's fold says what the server's picture says: 300 random recordings, any two positions of each."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from mqlab.engine.events import AnyEvent
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario import load
from mqlab.engine.scene import Position, Scene
from tests.engine.random_lab import ACTED, ASKING, CLUSTERED, POLLING, SECOND, lab
from tests.node import answers
from tests.tree import ROOT

RECORDINGS = 300


def stretch(recording: Recording, future: str, at: Position, until: Position) -> list[Any]:
    """All events of the grid pieces between two of their borders."""
    told: list[Any] = []
    while at < until:
        piece = run(recording.piece(future, at))
        told += piece.events
        at = piece.to
    return told


@cache
def cases() -> list[tuple[bytes, Scene]]:
    """For each recording a scene with the events that follow it, and the server's scene after them."""
    made = []
    for seed in [
        *range(1, 101),
        *range(ACTED, ACTED + 50),
        *range(CLUSTERED, CLUSTERED + 50),
        *range(ASKING, ASKING + 40),
        *range(POLLING, POLLING + 60),
    ]:
        recording, future, chance = lab(seed)
        start = (chance.randint(0, 4) * SECOND, 0)
        end = (start[0] + chance.randint(1, 3) * SECOND, 0)
        before = run(recording.scene(future, start))
        asked = {"scene": before, "events": stretch(recording, future, start, end)}
        made.append((msgspec.json.encode(asked), run(recording.scene(future, end))))
    return made


@cache
def folded() -> list[dict[str, Any]]:
    """What the browser's model makes of them, in one run of node."""
    return browsers([asked for asked, _ in cases()])


def browsers(asked: list[bytes]) -> list[dict[str, Any]]:
    """What the browser folds these scenes and events to."""
    return [json.loads(line) for line in answers("tests/js/fold_cli.js", asked)]


@pytest.mark.parametrize("number", range(RECORDINGS))
def test_the_browser_folds_a_recording_to_the_servers_scene(number: int) -> None:
    expected = msgspec.json.decode(msgspec.json.encode(cases()[number][1]), type=Scene)
    actual = msgspec.convert(folded()[number], Scene)
    actual.at = expected.at  # the fold stands after the last event, the server at the second
    for field in Scene.__struct_fields__:
        assert getattr(actual, field) == getattr(expected, field), field


def test_the_recordings_show_nearly_every_kind_of_event() -> None:
    kinds = {
        one.__name__
        for one in AnyEvent.__args__  # type: ignore[attr-defined]
        if one.__module__ not in ("mqlab.engine.broadcasts", "mqlab.engine.logs")  # no queue's
    }
    seen = {event["kind"] for asked, _ in cases() for event in json.loads(asked)["events"]}
    rare = {"Unblocked", "Storm", "Forgotten"}  # the last comes after five minutes
    assert kinds - seen - rare == set()


def test_the_browser_forgets_deduplication_ids_when_the_server_does() -> None:
    text = (ROOT / "fixtures/scenarios/rules/sqs-dedup-window.yaml").read_text(encoding="utf-8")
    recording = Recording(load(text))
    events = stretch(recording, "0", (0, 0), (302 * SECOND, 0))
    assert [one.queue for one in events if type(one).__name__ == "Forgotten"] == ["line.fifo"]
    asked = msgspec.json.encode({"scene": run(recording.scene("0", (0, 0))), "events": events})
    (folded,) = browsers([asked])
    expected = run(recording.scene("0", (302 * SECOND, 0)))
    assert folded["nodes"]["line.fifo"]["memory"] == expected.nodes["line.fifo"].memory != {}
