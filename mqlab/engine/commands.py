"""What may be asked of a running lab. A command is written once, checked for range where it enters, and never changed.

The user is the program `you`. Publishing travels on `you`'s own connection; what an operator does (bind, purge, restart…)
acts at the broker at once, as a management interface would.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from mqlab.engine import limits

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.NAME_BYTES_MAX)]
MaybeName = Annotated[str, msgspec.Meta(max_length=limits.NAME_BYTES_MAX)]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """Base of all commands."""


class Publish(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="publish"):
    """`you` publish a message. `number` names it (`you-3`) and is given by the recording, never by the browser."""

    exchange: MaybeName
    routing_key: MaybeName = ""
    key: Annotated[str, msgspec.Meta(max_length=2)] = ""
    body: Annotated[str, msgspec.Meta(max_length=limits.BODY_BYTES_MAX)] = ""
    headers: dict[Name, Any] | None = None
    properties: dict[Name, Any] | None = None  # pika's BasicProperties names
    mandatory: bool = False
    number: Annotated[int, msgspec.Meta(ge=0)] = 0
    broker: MaybeName = ""  # which broker, where a lab has several; default: the only one


class Crash(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="crash"):
    """A program dies at once, with all it has in memory."""

    node: Name


class Restart(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="restart"):
    """A crashed program starts again; a broker node goes down and comes up."""

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


class Unbind(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="unbind"):
    """Remove a binding; routing key and arguments name it exactly."""

    source: Name
    destination: Name
    routing_key: MaybeName = ""
    arguments: dict[Name, Any] | None = None


class Purge(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="purge"):
    """Empty a queue of its ready messages."""

    queue: Name


class Delete(Command, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="delete"):
    """Delete a queue or an exchange."""

    node: Name


AnyCommand = Publish | Crash | Restart | Change | Bind | Unbind | Purge | Delete


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
    "AnyCommand",
    "Bind",
    "Change",
    "Command",
    "Crash",
    "Delete",
    "Illegal",
    "Publish",
    "Purge",
    "Restart",
    "Unbind",
    "decode",
]
