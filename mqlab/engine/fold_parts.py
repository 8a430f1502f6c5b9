"""Steps that many events share when they change the picture (see fold.py)."""

from __future__ import annotations

from typing import Any

from mqlab.engine import events as e
from mqlab.engine.scene import Flight, Scene


def leave(scene: Scene, event: Any, what: str, source: str, target: str, key: str, **more: Any) -> None:
    """A departure: its flight, unless nothing travels."""
    if event.arrives >= 0:
        scene.flights[event.name] = Flight(
            what, source, target, event.t, event.arrives, event.of, key, **more
        )


def arrive(scene: Scene, event: e.Event) -> None:
    """An arrival ends the flight that caused it."""
    scene.flights.pop(event.cause, None)


def key_of(scene: Scene, copy: str) -> str:
    """A live copy's key."""
    state = scene.copies.get(copy)
    return state.key if state else ""


def forget(scene: Scene, copy: str) -> None:
    """The copy's end: it leaves its queue, its way and the list of the living. A program may still hold its content."""
    state = scene.copies.pop(copy, None)
    if state is None:
        return
    queue = scene.nodes.get(state.queue)
    if state.state == "arriving":
        scene.flights.pop(copy, None)
    elif queue is not None and state.state == "ready":
        queue.ready.remove(copy)
    elif queue is not None:
        free(scene, queue.unacked.pop(copy), copy)


def free(scene: Scene, program: str, copy: str) -> None:
    """The prefetch slot is free; what the program has finished with (or lost) is no longer in its hands."""
    node = scene.nodes.get(program)
    held = node.held.get(copy) if node else None
    if node is not None and held is not None:
        held.slot = False
        if held.state in ("done", "dead"):
            del node.held[copy]
