"""The browser tells every story as the engine does: on 270 random recordings, at several moments of each, all messages,
all nodes, and why each message is where it is."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest

from mqlab.engine.events import Event
from mqlab.engine.fold import fold
from mqlab.engine.message import message_of
from mqlab.engine.recording import run
from mqlab.engine.scene import Scene
from mqlab.engine.story import Gathered, node_story, story
from mqlab.engine.why import why
from mqlab.live import phrases
from tests.engine.random_lab import ASKING, CLUSTERED, POLLING, SECOND, lab
from tests.node import answers
from tests.test_browser_model import stretch
from tests.tree import ROOT

RECORDINGS = 270
MOMENTS = 3


def tell(scene: Scene, events: list[Event], at: list[int]) -> list[dict[str, Any]]:
    """What the engine says after each of these numbers of events. The scene is changed."""
    told = []
    lives: dict[str, Gathered] = {}
    done = 0
    for to in at:
        fold(scene, events[done:to])
        fresh = {message_of(copy) for event in events[done:to] for copy in getattr(event, "of", ())}
        lives |= {message: Gathered(message) for message in fresh - lives.keys()}
        for life in lives.values():
            life.take(events[done:to])
        done = to
        messages = {
            name: {"story": story(life, scene), "why": why(scene, life)} for name, life in lives.items()
        }
        nodes = {node: node_story(events[:to], node, scene) for node in scene.nodes}
        told.append({"messages": messages, "nodes": nodes})
    return told


@cache
def cases() -> list[tuple[bytes, bytes]]:
    """For each recording what the browser is asked, and what the engine says."""
    made = []
    for seed in [
        *range(1, 151),
        *range(CLUSTERED, CLUSTERED + 50),
        *range(ASKING, ASKING + 30),
        *range(POLLING, POLLING + 40),
    ]:
        recording, future, chance = lab(seed)
        start = (chance.randint(0, 3) * SECOND, 0)
        before = run(recording.scene(future, start))
        events = stretch(recording, future, start, (start[0] + SECOND, 0))
        at = [whole(events, n) for n in sorted(chance.randint(0, len(events)) for _ in range(MOMENTS - 1))]
        at.append(len(events))
        asked = msgspec.json.encode({"scene": before, "events": events, "at": at})
        made.append((asked, msgspec.json.encode(tell(before, events, at))))
    return made


def whole(events: list[Event], n: int) -> int:
    """The next number of events after which the picture is whole."""
    while 0 < n < len(events) and not events[n - 1].last:
        n += 1
    return n


@cache
def told_by_the_browser() -> list[bytes]:
    return answers("tests/js/story_cli.js", (asked for asked, _ in cases()))


@pytest.mark.parametrize("number", range(RECORDINGS))
def test_the_browser_tells_a_recording_as_the_engine_does(number: int) -> None:
    ours, theirs = msgspec.json.decode(cases()[number][1]), msgspec.json.decode(told_by_the_browser()[number])
    for moment, (mine, browsers) in enumerate(zip(ours, theirs, strict=True)):
        for kind in ("messages", "nodes"):
            assert browsers[kind].keys() == mine[kind].keys()
            for name, said in mine[kind].items():
                assert browsers[kind][name] == said, (moment, name)


def test_the_recordings_tell_of_nearly_every_situation() -> None:
    seen = {
        reason["situation"]
        for _, told in cases()
        for moment in msgspec.json.decode(told)
        for message in moment["messages"].values()
        for reason in message["why"]
    }
    assert len(seen) > 30, sorted(seen)


def test_the_browsers_copy_of_the_sentences_is_fresh() -> None:
    committed = (ROOT / "static" / "js" / "sentences.js").read_text()
    assert committed == phrases.text(), "run: python -m mqlab.live.phrases > static/js/sentences.js"
