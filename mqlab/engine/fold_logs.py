"""How the events of brokers that broadcast, and of logs, change the picture: the part of fold.py that is about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine import events as e
from mqlab.engine import window
from mqlab.engine.fold_parts import arrive, forget, free, key_of, leave
from mqlab.engine.scene import CopyState, Flight, Held, Scene


def _broadcast(scene: Scene, event: e.Broadcast) -> None:
    arrive(scene, event)
    for copy, program, arrives in zip(event.of, event.to, event.arrives, strict=True):
        if arrives < 0:
            buffer = f"{program}/out"
            scene.copies[copy] = CopyState(buffer, event.key, "ready")
            scene.nodes[buffer].ready.append(copy)
            continue
        scene.nodes[program].held[copy] = Held(event.key, "on_way", False)
        scene.flights[copy] = Flight("delivery", event.channel, program, event.t, arrives, (copy,), event.key)


def _sent(scene: Scene, event: e.Sent) -> None:
    forget(scene, event.of[0])
    scene.nodes[event.program].held[event.of[0]] = Held(event.key, "on_way", False)
    leave(scene, event, "delivery", event.buffer, event.program, event.key)


def _appended(scene: Scene, event: e.Appended) -> None:
    arrive(scene, event)
    for copy, group in zip(event.copies, event.to, strict=True):
        scene.copies[copy] = CopyState(group, event.key, "ready")
        scene.nodes[group].ready.append(copy)
    stream = scene.nodes[event.stream]
    stream.settings = {**stream.settings, "length": event.length, "last": event.entry}
    window.enter(stream.entries, event.of[0], event.key)


def _fetched(scene: Scene, event: e.Fetched) -> None:
    scene.nodes[event.program].held[event.of[0]] = Held(event.key, "on_way", False)
    leave(scene, event, "delivery", event.stream, event.program, event.key)


def _claimed(scene: Scene, event: e.Claimed) -> None:
    (copy,) = event.of
    group, state = scene.nodes[event.queue], scene.copies[copy]
    free(scene, group.unacked[copy], copy)
    group.unacked[copy] = event.program
    state.redelivered, state.returns = True, state.returns + 1
    key = key_of(scene, copy)
    way = "on_way" if event.arrives >= 0 else "dead"
    scene.nodes[event.program].held[copy] = Held(key, way, True, True)
    leave(scene, event, "delivery", event.queue, event.program, key, redelivered=True)


def _cursor_set(scene: Scene, event: e.CursorSet) -> None:
    for copy in event.skipped:
        forget(scene, copy)
    for copy, key in zip(event.of, event.keys, strict=True):
        scene.copies[copy] = CopyState(event.queue, key, "ready")
    scene.nodes[event.queue].ready[:0] = event.of


def _trimmed(scene: Scene, event: e.Trimmed) -> None:
    stream = scene.nodes[event.stream]
    stream.settings = {**stream.settings, "length": event.length}
    window.leave(stream.entries, event.of)


APPLY_LOGS: dict[type[e.Event], Callable[[Scene, Any], None]] = {
    e.Broadcast: _broadcast,
    e.Missed: arrive,
    e.Sent: _sent,
    e.Appended: _appended,
    e.Fetched: _fetched,
    e.Claimed: _claimed,
    e.CursorSet: _cursor_set,
    e.Trimmed: _trimmed,
}
