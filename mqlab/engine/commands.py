"""What may be asked of a running lab. A command is written once, checked for range where it enters, and never changed.

The user is the program `you`. Publishing travels on `you`'s own connection; what an operator does (bind, purge, restart…)
acts at the broker at once, as a management interface would.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mqlab.engine import limits

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.NAME_BYTES_MAX)]
MaybeName = Annotated[str, msgspec.Meta(max_length=limits.NAME_BYTES_MAX)]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """Base of all commands."""


class Numbered(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what makes messages of yours, `repeat` of them. `number` names the first (`you-3`; the others follow) and is given
    by the recording, never by the browser."""

    repeat: Annotated[int, msgspec.Meta(ge=1, le=limits.BURST_MESSAGES_MAX)] = 1
    number: Annotated[int, msgspec.Meta(ge=0)] = 0


NAMES_SOMETHING = (
    "broker",
    "node",
    "queue",
    "exchange",
    "source",
    "destination",
    "stream",
    "channel",
    "group",
)
"""Fields of commands that may name something of a broker's."""


class Publish(Numbered, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="publish"):
    """`you` publish a message to RabbitMQ, or `repeat` of them, each `every_ms` after the one before (0: all at once)."""

    exchange: MaybeName
    routing_key: MaybeName = ""
    key: Annotated[str, msgspec.Meta(max_length=2)] = ""
    body: Annotated[str, msgspec.Meta(max_length=limits.BODY_BYTES_MAX)] = ""
    headers: dict[Name, Any] | None = None
    properties: dict[Name, Any] | None = None  # pika's BasicProperties names
    doubles: tuple[Name, ...] = ()  # headers whose whole number is a double: JSON writes 1.0 as 1
    mandatory: bool = False
    every_ms: Annotated[float, msgspec.Meta(ge=0, le=limits.REPEAT_EVERY_MS_MAX)] = 0
    broker: MaybeName = ""  # which broker, where a lab has several; default: the only one


class PublishTo(Numbered, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="publish_to"):
    """`you` PUBLISH a message to a channel of Redis, or `repeat` of them, each `every_ms` after the one before (0: at once)."""

    channel: Name
    key: Annotated[str, msgspec.Meta(max_length=2)] = ""
    body: Annotated[str, msgspec.Meta(max_length=limits.BODY_BYTES_MAX)] = ""
    every_ms: Annotated[float, msgspec.Meta(ge=0, le=limits.REPEAT_EVERY_MS_MAX)] = 0
    broker: MaybeName = ""


class Xadd(Numbered, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="xadd"):
    """`you` XADD an entry to a stream of Redis, or `repeat` of them. `maxlen` 0: without trimming."""

    stream: Name
    key: Annotated[str, msgspec.Meta(max_length=2)] = ""
    body: Annotated[str, msgspec.Meta(max_length=limits.BODY_BYTES_MAX)] = ""
    maxlen: Annotated[int, msgspec.Meta(ge=0, le=limits.LIVE_COPIES_MAX)] = 0
    every_ms: Annotated[float, msgspec.Meta(ge=0, le=limits.REPEAT_EVERY_MS_MAX)] = 0
    broker: MaybeName = ""


class Xtrim(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="xtrim"):
    """Trim a stream of Redis to so many entries (XTRIM MAXLEN), with `approximate` only by whole nodes (~)."""

    stream: Name
    maxlen: Annotated[int, msgspec.Meta(ge=0, le=limits.LIVE_COPIES_MAX)]
    approximate: bool = False


class Crash(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="crash"):
    """A program dies at once, with all it has in memory."""

    node: Name


class Restart(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="restart"):
    """A crashed program starts again; a broker node goes down and comes up."""

    node: Name


class Slow(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="slow"):
    """A consumer takes `factor` times as long for each message that it begins from now on; 1: as it was."""

    node: Name
    factor: Annotated[float, msgspec.Meta(ge=1, le=limits.SLOW_FACTOR_MAX)]


class Hang(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="hang"):
    """A program stops taking and finishing work, but keeps its connection (its heartbeats go on)."""

    node: Name


class Resume(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="resume"):
    """A program that hangs goes on; what was due meanwhile is done at once."""

    node: Name


class Disconnect(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="disconnect"):
    """An operator closes a program's connection at the broker. What is on its way falls; the program connects again."""

    node: Name


class StopNode(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="stop_node"):
    """A node of a cluster stops. Its clients lose their connections, and connect to another."""

    node: Name


class StartNode(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="start_node"):
    """A node of a cluster that was stopped starts again."""

    node: Name


class CutOff(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="cut_off"):
    """The network parts a node of a cluster from the others. It finds itself in the minority, and pauses."""

    node: Name


class Heal(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="heal"):
    """The network is whole again: the nodes of the cluster that were cut off come back."""

    node: Name


class Cancel(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="cancel"):
    """A consumer cancels its subscriptions (basic.cancel). It keeps what it holds, and subscribes again when it starts anew."""

    node: Name


class CloseChannel(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="close_channel"):
    """A program closes its channel and opens a fresh one after its reconnect time. What it held unacked goes back."""

    node: Name


class Abort(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="abort"):
    """A program's connection breaks without a word. What is on its way falls; the program connects again."""

    node: Name


class Add(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="add"):
    """Start a program, or make something at a broker: `what` is the word for it there (producer, consumer, queue…). `settings`:
    as a scenario file has them; of programs also `latency_ms`."""

    node: Name
    what: Name
    settings: dict[Name, Any] = {}
    broker: MaybeName = ""  # as for publish


class Remove(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="remove"):
    """Shut a producer or a consumer down and take it out of the lab. What it sent still arrives, then its close."""

    node: Name


class Change(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="change"):
    """Change settings of a program: rate, service, ack, prefetch, fail… as the scenario file names them."""

    node: Name
    settings: dict[Name, Any]


class Bind(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="bind"):
    """Bind a queue (or an exchange) to an exchange."""

    source: Name
    destination: Name
    routing_key: MaybeName = ""
    arguments: dict[Name, Any] | None = None
    doubles: tuple[Name, ...] = ()  # as for publish


class Unbind(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="unbind"):
    """Remove a binding; routing key and arguments name it exactly."""

    source: Name
    destination: Name
    routing_key: MaybeName = ""
    arguments: dict[Name, Any] | None = None
    doubles: tuple[Name, ...] = ()  # as for publish


class Purge(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="purge"):
    """Empty a queue of its ready messages."""

    queue: Name


class Delete(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="delete"):
    """Delete a queue or an exchange; if_unused: only without consumers (of an exchange: bindings), if_empty: only a queue
    with nothing ready. Otherwise the broker answers with an error."""

    node: Name
    if_unused: bool = False
    if_empty: bool = False


class Get(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="get"):
    """`you` take up to `count` messages from a queue by basic.get, as the management interface does, and then ack them,
    put them back (requeue), or reject them for good."""

    queue: Name
    then: Literal["ack", "requeue", "reject"] = "ack"
    count: Annotated[int, msgspec.Meta(ge=1, le=limits.GET_MESSAGES_MAX)] = 1


class SetPolicy(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="set_policy"):
    """Set a policy on a broker, or put another in the place of one of the same name."""

    node: Name
    policy: Name
    pattern: MaybeName
    definition: dict[Name, Any]
    priority: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] = 0
    apply_to: Literal["all", "queues", "exchanges", "classic_queues", "quorum_queues"] = "all"


class ClearPolicy(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="clear_policy"):
    """Take a policy from a broker."""

    node: Name
    policy: Name


class RaiseAlarm(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="raise_alarm"):
    """A broker runs low on memory or disk: connections that publish are blocked until it has enough again."""

    node: Name
    resource: Literal["memory", "disk"] = "memory"


class ClearAlarm(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="clear_alarm"):
    """The broker has enough memory or disk again."""

    node: Name
    resource: Literal["memory", "disk"] = "memory"


class Send(Numbered, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="send"):
    """`you` send a message to a queue of SQS, or `repeat` of them, each `every_ms` after the one before (0: all at once).
    {n} in deduplication_id is the message's number. `attributes`: message attributes; a plain text is a String."""

    queue: Name
    key: Annotated[str, msgspec.Meta(max_length=2)] = ""
    body: Annotated[str, msgspec.Meta(max_length=limits.BODY_BYTES_MAX)] = ""
    group_id: Annotated[str, msgspec.Meta(max_length=128)] = ""
    deduplication_id: Annotated[str, msgspec.Meta(max_length=128)] = ""
    delay_seconds: Annotated[int, msgspec.Meta(ge=-900, le=1_800)] | None = None
    attributes: dict[Name, Any] | None = None
    every_ms: Annotated[float, msgspec.Meta(ge=0, le=limits.REPEAT_EVERY_MS_MAX)] = 0
    broker: MaybeName = ""  # as for publish


class Receive(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="receive"):
    """`you` receive up to `count` messages from a queue of SQS by a short poll, and then delete them, release them (visible
    again at once), or leave them until their visibility timeout is over."""

    queue: Name
    then: Literal["delete", "release", "leave"] = "delete"
    count: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    visibility_timeout: Annotated[int, msgspec.Meta(ge=0, le=43_200)] | None = None


class SetAttributes(
    Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="set_attributes"
):
    """Set attributes of a queue of SQS, by their real names. In a policy's table a queue's name stands for its ARN."""

    queue: Name
    attributes: dict[Name, Any]


class ChangeVisibility(
    Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="change_visibility"
):
    """Hide a message that is in flight for so many seconds from now; 0: it is visible at once. `copy`: `web-41@orders`."""

    copy: Name
    seconds: Annotated[int, msgspec.Meta(ge=0, le=43_200)] = 0


class Redrive(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="redrive"):
    """Move the messages of a dead-letter queue of SQS back to where each came from, or to another queue, so many a second (0:
    as fast as it goes)."""

    queue: Name
    destination: MaybeName = ""
    per_second: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0


AnyCommand = (
    Publish | Crash | Restart | Slow | Hang | Resume | Disconnect | Add | Remove | Change | Bind | Unbind | Purge | Delete
    | Get | RaiseAlarm | ClearAlarm | SetPolicy | ClearPolicy
    | PublishTo | Xadd | Xtrim
    | Cancel | CloseChannel | Abort | StopNode | StartNode | CutOff | Heal
    | Send | Receive | SetAttributes | ChangeVisibility | Redrive
)  # fmt: skip


class Illegal(Exception):
    """What the lab cannot do. Nothing has changed. `code` is one word, the text says what to do instead."""

    def __init__(self, code: str, why: str, rule: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.rule = rule


def decode(raw: bytes | str) -> AnyCommand:
    """A command from JSON. Raises Illegal("bad_command") with the decoder's own words."""
    try:
        command: AnyCommand = msgspec.json.decode(raw, type=AnyCommand)
    except msgspec.MsgspecError as error:
        raise Illegal("bad_command", str(error)) from error
    return command


__all__ = [
    "Abort",
    "Add",
    "AnyCommand",
    "Bind",
    "Cancel",
    "Change",
    "ChangeVisibility",
    "ClearAlarm",
    "ClearPolicy",
    "CloseChannel",
    "Command",
    "Crash",
    "CutOff",
    "Delete",
    "Disconnect",
    "Get",
    "Hang",
    "Heal",
    "Illegal",
    "Numbered",
    "Publish",
    "PublishTo",
    "Purge",
    "RaiseAlarm",
    "Receive",
    "Redrive",
    "Remove",
    "Restart",
    "Resume",
    "Send",
    "SetAttributes",
    "SetPolicy",
    "Slow",
    "StartNode",
    "StopNode",
    "Unbind",
    "Xadd",
    "Xtrim",
    "decode",
]
