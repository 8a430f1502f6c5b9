"""Why is a message where it is? One sentence for each place it is in, or for each end it has had.

Computed from the scene, and from what was gathered of its past for its ends; `static/js/why.js` is this module once more.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mqlab.engine.limits import RECORDING_S_MAX
from mqlab.engine.message import message_of
from mqlab.engine.scene import CopyState, Flight, Held, Node, Scene
from mqlab.engine.sentences import Sentence, say
from mqlab.engine.story import Fields, Gathered, book_of, kind_of

REASONS_MAX = 12

END_OUTCOMES = ("acked", "rejected")
ENDS = (
    "Dropped", "Expired", "DeadLettered", "Purged", "NodeRemoved", "Unroutable", "Refused", "Redriven",
    "Deduplicated",
)  # fmt: skip
HEAD_ONLY = "rabbitmq/ttl-head-only"
PREFETCH = "rabbitmq/prefetch-per-consumer"
GONE = "rabbitmq/auto-ack-gone"
CLOSE = "rabbitmq/close-requeues"
NO_MAJORITY = "rabbitmq/cluster-no-majority"
ONE_NODE = "rabbitmq/cluster-classic-one-node"
BLOCKED = "rabbitmq/alarm-blocks-publishers"
TX = "rabbitmq/tx-commit"
TIMEOUT = "sqs/visibility-timeout"
LOCKED = "sqs/fifo-group-lock"
ELSEWHERE = {("sqs", CLOSE): "sqs/crash-unnoticed"}
"""What another kind of broker does in the same situation."""
FAR_US = RECORDING_S_MAX * 1_000_000
"""What is due later than a recording can be is not worth a word."""


class Reason(msgspec.Struct):
    """Why the message is in one place. `situation`: the template's name; `of`: the copy, or the message."""

    situation: str
    of: str
    sentence: Sentence
    rule: str = ""


Say = Callable[..., Reason]
"""Makes a reason of (situation, of, fields, rule)."""


def why(scene: Scene, gathered: Gathered) -> list[Reason]:
    """The reasons at the scene's position: of all its places, or, where it is nowhere, of its ends."""
    book = book_of(scene)
    broker = kind_of(scene)

    def reason(situation: str, of: str, fields: Fields, rule: str = "") -> Reason:
        if not rule.startswith(f"{broker}/"):
            rule = ELSEWHERE.get((broker, rule), "")
        return Reason(situation, of, say(book.why[situation], fields, scene.nodes, gathered.message), rule)

    found = _places(scene, gathered.message, reason)
    if not found:
        found = _ends(gathered, reason)
    found += _told(scene, gathered.message, reason)
    if not found:
        found = [reason("unknown", gathered.message, {})]
    return found[:REASONS_MAX]


def _told(scene: Scene, message: str, reason: Say) -> list[Reason]:
    """What is on its way back to the publisher of it."""
    return _flights(scene, message, ("return", "confirm", "confirm_nack"), reason)


def _flights(scene: Scene, message: str, kinds: tuple[str, ...], reason: Say) -> list[Reason]:
    found = []
    for flight in scene.flights.values():
        if flight.what in kinds and any(message_of(copy) == message for copy in flight.of):
            fields: Fields = {"source": flight.source, "target": flight.target, "arrives": flight.arrives}
            if flight.what == "publish" and flight.arrives < scene.at[0]:
                unread = _unread(scene, flight.source)
                if not unread:
                    found.append(reason("held_commit", flight.of[0], fields, TX))
                    continue
                fields |= unread
            if flight.what == "copy" and scene.nodes[flight.target].settings.get("leader") == "":
                found.append(reason("held_copy", flight.of[0], fields, NO_MAJORITY))
                continue
            situation = "held_publish" if "alarms" in fields else f"flight_{flight.what}"
            found.append(reason(situation, flight.of[0], fields, BLOCKED if "alarms" in fields else ""))
    return found


def _unread(scene: Scene, program: str) -> Fields:
    """The alarms for which the broker does not read what has come from this program."""
    name = scene.nodes[program].settings.get("broker", "") if program in scene.nodes else ""
    alarms = scene.nodes[name].settings.get("alarms", []) if name in scene.nodes else []
    return {"broker": name, "alarms": " and ".join(alarms)} if alarms else {}


def _places(scene: Scene, message: str, reason: Say) -> list[Reason]:
    found = _flights(scene, message, ("publish", "copy", "dead_letter"), reason)
    for copy, state in scene.copies.items():
        if message_of(copy) != message:
            continue
        if state.state == "ready":
            found += _ready(scene, copy, state, reason)
        elif state.state == "unacked":
            found.append(_unacked(scene, copy, state, reason))
            if state.until and scene.nodes[state.queue].unacked[copy]:
                fields: Fields = {"queue": state.queue, "until": state.until}
                found.append(reason("visible_again", copy, fields, TIMEOUT))
    for program, node in scene.nodes.items():
        for copy, held in node.held.items():
            if message_of(copy) == message and copy not in scene.copies:
                found.append(_own(scene, copy, program, held, reason))
    return found


def _ready(scene: Scene, copy: str, state: CopyState, reason: Say) -> list[Reason]:
    queue = scene.nodes[state.queue]
    ahead = queue.ready.index(copy)
    fields: Fields = {"queue": state.queue, "ahead": ahead}
    broker = scene.nodes.get(queue.settings.get("broker", ""))
    found = []
    if broker is not None and broker.status == "down":
        found.append(reason("waits_down", copy, fields))
    elif queue.settings.get("leader") == "":
        found.append(reason("waits_leader", copy, fields, NO_MAJORITY))
    elif queue.settings.get("unavailable"):
        found.append(reason("waits_home", copy, {**fields, "home": queue.settings["node"]}, ONE_NODE))
    elif "visibility_timeout_s" in queue.settings:
        found.append(_visible(scene, copy, state, fields, reason))
    else:
        found.append(_waits(scene, copy, state.queue, fields, reason))
    if state.expires and state.expires < scene.at[0] + FAR_US:
        fields = {"queue": state.queue, "expires": state.expires}
        if state.expires > scene.at[0]:
            found.append(reason("expires", copy, fields))
        elif ahead:
            found.append(reason("over_time", copy, fields, HEAD_ONLY))
        else:
            found.append(reason("over_time_head", copy, fields))
    return found


def _visible(scene: Scene, copy: str, state: CopyState, fields: Fields, reason: Say) -> Reason:
    """In a queue that gives nothing out by itself, but answers those who ask."""
    queue = scene.nodes[state.queue]
    if queue.settings["type"] == "fifo" and any(
        scene.copies[one].group == state.group for one, holder in queue.unacked.items() if holder
    ):
        return reason("waits_locked", copy, {**fields, "group": state.group}, LOCKED)
    names = [
        link.target for link in scene.links.values() if link.what == "consume" and link.source == state.queue
    ]
    names = [name for name in names if name in scene.nodes]
    if not names:
        return _nobody(scene, copy, state.queue, fields, reason)
    if all(scene.nodes[name].held for name in names):
        return reason("waits_busy", copy, {**fields, "idle": names})
    return reason("waits_room", copy, fields)


def _nobody(scene: Scene, copy: str, queue: str, fields: Fields, reason: Say) -> Reason:
    """No program reads the queue now."""
    for status, situation in (("down", "waits_crashed"), ("waits", "waits_unstarted")):
        idle = [name for name, node in scene.nodes.items() if node.status == status and _reads(node, queue)]
        if idle:
            return reason(situation, copy, {**fields, "idle": idle})
    return reason("waits_nobody", copy, fields)


def _waits(scene: Scene, copy: str, queue: str, fields: Fields, reason: Say) -> Reason:
    names = [link.target for link in scene.links.values() if link.what == "consume" and link.source == queue]
    names = list(dict.fromkeys(name for name in names if name in scene.nodes))
    active = scene.nodes[queue].settings.get("active_consumer")
    if active in names:
        names = [active]  # the others are not asked
    if not names:
        return _nobody(scene, copy, queue, fields, reason)
    loads = [_load(scene, name, queue) for name in names]
    free = [name for name, (holds, limit) in zip(names, loads, strict=True) if not limit or holds < limit]
    if free:
        return reason("waits_room", copy, {**fields, "free": free})
    holds, limit = loads[0]
    hangs = _hangs(scene.nodes[names[0]])
    fields |= {"full": names, "consumers": len(names), "holds": holds, "prefetch": limit, "hangs": hangs}
    same = all(load == loads[0] for load in loads)
    situation = "waits_full_one" if len(names) == 1 else "waits_full_same" if same else "waits_full"
    return reason(situation, copy, fields, PREFETCH)


def _reads(node: Node, queue: str) -> bool:
    queues = node.settings.get("queue", node.settings.get("queues", ()))
    return queue == queues or (isinstance(queues, (list, tuple)) and queue in queues)


def _load(scene: Scene, program: str, queue: str) -> tuple[int, int]:
    """How many of this queue's copies the program holds, and how many it may; 0: no limit."""
    settings = scene.nodes[program].settings
    limit = 0 if settings.get("ack") == "auto" else settings.get("prefetch", 0)
    holds = sum(holder == program for holder in scene.nodes[queue].unacked.values())
    return holds, limit


def _flight(scene: Scene, what: str, copy: str) -> Flight | None:
    """The ack, nack or delivery of this copy that is on its way."""
    return next((one for one in scene.flights.values() if one.what == what and copy in one.of), None)


def _unacked(scene: Scene, copy: str, state: CopyState, reason: Say) -> Reason:
    program = scene.nodes[state.queue].unacked[copy]
    fields: Fields = {"queue": state.queue, "program": program}
    if not program:
        return reason("set_aside", copy, {**fields, "until": state.until})
    node = scene.nodes.get(program)
    held = node.held.get(copy) if node is not None else None
    if node is None or held is None or node.what not in ("consumer", "client"):
        return reason("unacked", copy, fields)
    if held.state == "dead":
        close = next(
            (one for one in scene.flights.values() if one.what == "close" and one.source == program), None
        )
        if close is None:
            return reason("let_go", copy, fields, CLOSE)
        return reason("crashed", copy, {**fields, "arrives": close.arrives}, CLOSE)
    ack, nack = _flight(scene, "ack", copy), _flight(scene, "nack", copy)
    if (sent := ack or nack) is not None and sent.arrives < scene.at[0] and node.what == "client":
        return reason("settling_commit", copy, fields, TX)
    if ack is not None:
        fields |= {"arrives": ack.arrives, "until": held.until}
        still = held.state == "working" and held.until and not _hangs(node)
        return reason("working_acking" if still else "acking", copy, fields)
    if nack is not None:
        return reason("nacking", copy, {**fields, "arrives": nack.arrives})
    if held.state == "on_way":
        delivery = _flight(scene, "delivery", copy)
        return reason("on_way", copy, {**fields, "arrives": delivery.arrives if delivery else scene.at[0]})
    if held.state == "working":
        situation = "working" if held.until and not _hangs(node) else "hung"
        return reason(situation, copy, {**fields, "until": held.until, "started": held.started})
    if held.state == "buffered":
        return reason("buffered", copy, {**fields, **_busy(node)})
    return reason("done", copy, fields)


def _hangs(node: Node) -> bool:
    """Whether the program takes and finishes nothing."""
    return bool(node.settings.get("hung"))


def _busy(node: Node) -> Fields:
    """Until when the program works on another message, if it does; 0: it hangs."""
    if _hangs(node):
        return {"until": 0}
    working = next((held for held in node.held.values() if held.state == "working"), None)
    return {} if working is None else {"until": working.until}


def _own(scene: Scene, copy: str, program: str, held: Held, reason: Say) -> Reason:
    """For the broker it is done; only the program still has it."""
    fields: Fields = {"program": program}
    if held.state == "on_way":
        delivery = _flight(scene, "delivery", copy)
        return reason(
            "own_on_way", copy, {**fields, "arrives": delivery.arrives if delivery else scene.at[0]}, GONE
        )
    if held.state == "working":
        until = 0 if _hangs(scene.nodes[program]) else held.until
        return reason("own_working", copy, {**fields, "until": until}, GONE)
    return reason("own_buffered", copy, fields, GONE)


def _ends(gathered: Gathered, reason: Say) -> list[Reason]:
    """The ends that its copies, or its publishes, have had, in order. A copy that was dead-lettered lives on in another."""
    found: dict[str, Reason] = {}
    queues: dict[str, str] = {}
    for action in gathered.actions:
        for fields in action:
            kind = fields["kind"]
            if kind == "Routed":
                queues |= zip(fields["of"], fields["to"], strict=True)
            if kind in ("Enqueued", "Delivered"):
                queues[fields["of"][0]] = fields["queue"]
            situation = _end(fields)
            if not situation:
                continue
            for copy in fields["of"]:
                if message_of(copy) == gathered.message:
                    told = {"queue": queues.get(copy, ""), **fields}
                    found[copy] = reason(situation, copy, told, fields["rule"])
    last = [one for one in found.values() if one.situation not in ("ended_DeadLettered", "ended_Redriven")]
    return last or list(found.values())


def _end(fields: Fields) -> str:
    kind = fields["kind"]
    if kind == "Settled" and fields["outcome"] in END_OUTCOMES:
        return f"ended_{fields['outcome']}"
    if kind == "Delivered" and fields.get("auto_ack"):
        return "ended_auto"
    if kind == "Lost" and fields["what"] == "publish":
        return "lost_publish"
    if kind == "Lost" and (fields["what"] == "message" or fields.get("ends")):
        return "ended_Lost"
    return f"ended_{kind}" if kind in ENDS else ""
