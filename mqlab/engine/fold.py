"""How each event changes the picture.

Law: the scene at p, folded with the events from p to q, is the scene at q. `picture.py` takes a scene from the live World;
`fold` is the same knowledge written once more from the events' side, as `static/js/model.js` is for the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine import events as e
from mqlab.engine.fold_logs import APPLY_LOGS
from mqlab.engine.fold_parts import arrive, forget, free, key_of, leave
from mqlab.engine.fold_settings import APPLY_SETTINGS
from mqlab.engine.scene import CopyState, Flight, Held, Link, Node, Scene
from mqlab.engine.tally import Tally, count


def fold(scene: Scene, stream: list[e.Event]) -> Scene:
    """Apply events to the scene, in place, and return it. The position moves to just after the last whole action."""
    tally = Tally(scene.counts, scene.piles)
    for event in stream:
        apply = _APPLY.get(type(event))
        if apply is not None:
            apply(scene, event)
        count(tally, event)
        t, i = scene.at
        if event.t != t:
            t, i = event.t, 0
        scene.at = (t, i + 1 if event.last else i)
    return scene


def _published(scene: Scene, event: e.Published) -> None:
    leave(scene, event, "publish", event.program, event.exchange, event.key)
    node = scene.nodes[event.program]
    if event.seq and not event.again and node.what == "producer":
        node.unconfirmed += 1


def _confirm_received(scene: Scene, event: e.ConfirmReceived) -> None:
    arrive(scene, event)
    node = scene.nodes[event.program]
    if node.what == "producer":
        node.unconfirmed -= 1


def _routed(scene: Scene, event: e.Routed) -> None:
    arrive(scene, event)
    for copy, queue, arrives in zip(event.of, event.to, event.arrives, strict=True):
        scene.copies[copy] = CopyState(queue, event.key, "arriving", origin=event.origin)
        scene.flights[copy] = Flight("copy", event.exchange, queue, event.t, arrives, (copy,), event.key)


def _replied(scene: Scene, event: e.Replied) -> None:
    arrive(scene, event)
    scene.nodes[event.program].held[event.of[0]] = Held(event.key, "on_way", False)
    leave(scene, event, "delivery", event.exchange, event.program, event.key)


def _enqueued(scene: Scene, event: e.Enqueued) -> None:
    (copy,) = event.of
    scene.flights.pop(copy, None)
    if event.born:
        arrive(scene, event)
        scene.copies[copy] = CopyState(
            event.queue, event.key, "arriving", origin=event.origin, group=event.group
        )
        if event.remembered:
            scene.nodes[event.queue].memory[event.dedup] = event.remembered
    state = scene.copies[copy]
    state.state, state.expires, state.priority = "ready", event.expires, event.priority
    ready = scene.nodes[event.queue].ready
    ready.insert(len(ready) if event.at < 0 else event.at, copy)


def _ended(scene: Scene, event: Any) -> None:
    for copy in event.of:
        forget(scene, copy)


def _dead_lettered(scene: Scene, event: e.DeadLettered) -> None:
    _ended(scene, event)
    leave(scene, event, "dead_letter", event.queue, event.exchange, event.key)


def _redriven(scene: Scene, event: e.Redriven) -> None:
    _ended(scene, event)
    leave(scene, event, "dead_letter", event.queue, event.target, event.key)


def _delivered(scene: Scene, event: e.Delivered) -> None:
    (copy,) = event.of
    key = key_of(scene, copy)
    if event.auto_ack:
        forget(scene, copy)
    else:
        queue = scene.nodes[event.queue]
        queue.ready.remove(copy)
        queue.unacked[copy] = event.program
        state = scene.copies[copy]
        state.state, state.until = "unacked", event.until
    held = Held(key, "on_way", not event.auto_ack, event.redelivered)
    scene.nodes[event.program].held[copy] = held
    leave(scene, event, "delivery", event.queue, event.program, key, redelivered=event.redelivered)


def _received(scene: Scene, event: e.Received) -> None:
    arrive(scene, event)
    _progress(scene, event, "buffered")


def _started(scene: Scene, event: e.Started) -> None:
    held = scene.nodes[event.program].held.get(event.of[0])
    if held is not None:
        held.state, held.started, held.until = "working", event.t, event.until


def _handled(scene: Scene, event: e.Handled) -> None:
    _progress(scene, event, "done")


def _progress(scene: Scene, event: Any, state: str) -> None:
    held = scene.nodes[event.program].held
    for copy in event.of:
        if copy in held:
            held[copy].state, held[copy].started, held[copy].until = state, 0, 0
            if state == "done" and not held[copy].slot:
                del held[copy]


def _acked(scene: Scene, event: e.Acked) -> None:
    leave(scene, event, "ack", event.program, event.queue, key_of(scene, event.of[0]))


def _rejected(scene: Scene, event: e.Rejected) -> None:
    leave(scene, event, "nack", event.program, event.queue, key_of(scene, event.of[0]))


def _settled(scene: Scene, event: e.Settled) -> None:
    arrive(scene, event)
    for copy in event.of:
        if event.outcome in ("acked", "rejected"):
            forget(scene, copy)


def _requeued(scene: Scene, event: e.Requeued) -> None:
    queue = scene.nodes[event.queue]
    for copy, at in zip(event.of, event.at, strict=True):
        free(scene, queue.unacked.pop(copy), copy)
        state = scene.copies[copy]
        state.state, state.until = "ready", 0
        if not event.first:
            state.redelivered, state.returns = True, state.returns + 1
        queue.ready.insert(at, copy)


def _set_aside(scene: Scene, event: e.SetAside) -> None:
    queue = scene.nodes[event.queue]
    for copy in event.of:
        if copy in queue.unacked:
            free(scene, queue.unacked[copy], copy)
        else:
            queue.ready.remove(copy)
        queue.unacked[copy] = ""
        state = scene.copies[copy]
        state.state, state.until = "unacked", event.until


def _visibility_changed(scene: Scene, event: e.VisibilityChanged) -> None:
    arrive(scene, event)
    for copy in event.of:
        scene.copies[copy].until = event.until


def _forgotten(scene: Scene, event: e.Forgotten) -> None:
    for dedup in event.ids:
        scene.nodes[event.queue].memory.pop(dedup, None)


def _confirmed(scene: Scene, event: e.Confirmed) -> None:
    what = "confirm" if event.ok else "confirm_nack"
    leave(scene, event, what, event.exchange, event.program, event.key)


def _returned(scene: Scene, event: e.Returned) -> None:
    leave(scene, event, "return", event.exchange, event.program, event.key)


def _lost(scene: Scene, event: e.Lost) -> None:
    for name in event.flights:
        scene.flights.pop(name, None)
    if event.ends:
        _ended(scene, event)
    node = scene.nodes.get(event.node)
    if node is None or event.what in ("ack", "nack"):
        return
    for copy in event.of:
        held = node.held.get(copy)
        if held is not None:
            held.state, held.started, held.until = "dead", 0, 0
            if not held.slot:
                del node.held[copy]


def _let_go(node: Node, spared: str = "") -> None:
    """A program lost its connection or its life: what takes a prefetch slot is dead in its hands until the broker knows, but
    for what is in the state `spared`."""
    for held in node.held.values():
        if held.slot and held.state != spared:
            held.state, held.started, held.until = "dead", 0, 0


def _crashed(scene: Scene, event: e.Crashed | e.Stopped) -> None:
    scene.nodes[event.node].status = "down" if isinstance(event, e.Crashed) else "stopping"
    _let_go(scene.nodes[event.node])
    scene.nodes[event.node].unconfirmed = 0
    if event.arrives >= 0:
        broker = scene.nodes[event.node].settings.get("broker", "")
        scene.flights[event.name] = Flight("close", event.node, broker, event.t, event.arrives, ())


def _hung_up(scene: Scene, event: e.HungUp) -> None:
    node = scene.nodes[event.program]
    if event.what != "consumer":
        _let_go(node, "on_way" if event.what == "channel" else "")  # over a channel it comes, and then falls
    if event.arrives >= 0:
        broker = node.settings.get("broker", "")
        scene.flights[event.name] = Flight("close", event.program, broker, event.t, event.arrives, ())


def _restarted(scene: Scene, event: e.Restarted) -> None:
    scene.nodes[event.node].status = "up"


def _called(scene: Scene, event: e.Called) -> None:
    scene.flights[event.name] = Flight("request", event.program, event.at, event.t, event.arrives, ())


def _error_sent(scene: Scene, event: e.ChannelClosed | e.ConnectionClosed) -> None:
    arrive(scene, event)  # it may be the answer to a call
    _close_sent(scene, event)


def _close_sent(scene: Scene, event: Any) -> None:
    if event.arrives >= 0:
        broker = scene.nodes[event.program].settings.get("broker", "")
        scene.flights[event.name] = Flight("close", broker, event.program, event.t, event.arrives, ())


def _closed(scene: Scene, event: e.Closed) -> None:
    arrive(scene, event)
    if event.at == event.program and event.what != "consumer":
        node = scene.nodes[event.program]
        if event.what == "channel":
            node.unconfirmed = 0  # what was under way is not tried again
        if (
            event.what == "connection" or node.what != "client"
        ):  # which says itself what it loses with one channel
            _let_go(node)


def _node_added(scene: Scene, event: e.NodeAdded) -> None:
    waits = event.what == "consumer" and event.settings.get("start_ms", 0) != 0
    scene.nodes[event.node] = Node(event.what, dict(event.settings), "waits" if waits else "up")


def _node_changed(scene: Scene, event: e.NodeChanged) -> None:
    settings = scene.nodes[event.node].settings
    for field, value in event.settings.items():
        if value is None:
            settings.pop(field, None)
        else:
            settings[field] = value


def _node_removed(scene: Scene, event: e.NodeRemoved) -> None:
    _ended(scene, event)
    del scene.nodes[event.node]


def _link_added(scene: Scene, event: e.LinkAdded) -> None:
    scene.links[event.link] = Link(event.what, event.source, event.target, event.routing_key, event.arguments)


def _link_removed(scene: Scene, event: e.LinkRemoved) -> None:
    del scene.links[event.link]


_APPLY: dict[type[e.Event], Callable[[Scene, Any], None]] = (
    APPLY_SETTINGS
    | APPLY_LOGS
    | {
        e.Published: _published,
        e.Routed: _routed,
        e.Replied: _replied,
        e.Unroutable: arrive,
        e.Refused: arrive,
        e.Enqueued: _enqueued,
        e.Dropped: _ended,
        e.Expired: _ended,
        e.Purged: _ended,
        e.DeadLettered: _dead_lettered,
        e.Delivered: _delivered,
        e.Received: _received,
        e.Started: _started,
        e.Handled: _handled,
        e.Acked: _acked,
        e.Rejected: _rejected,
        e.Settled: _settled,
        e.Requeued: _requeued,
        e.SetAside: _set_aside,
        e.VisibilityChanged: _visibility_changed,
        e.Deduplicated: arrive,
        e.Forgotten: _forgotten,
        e.Redriven: _redriven,
        e.Confirmed: _confirmed,
        e.ConfirmReceived: _confirm_received,
        e.Returned: _returned,
        e.ReturnReceived: arrive,
        e.Lost: _lost,
        e.Crashed: _crashed,
        e.Restarted: _restarted,
        e.Stopped: _crashed,
        e.ChannelClosed: _error_sent,
        e.ConnectionClosed: _error_sent,
        e.ConsumerCancelled: _close_sent,
        e.Closed: _closed,
        e.Called: _called,
        e.Answered: arrive,
        e.NodeAdded: _node_added,
        e.NodeChanged: _node_changed,
        e.HungUp: _hung_up,
        e.NodeRemoved: _node_removed,
        e.LinkAdded: _link_added,
        e.LinkRemoved: _link_removed,
    }
)
