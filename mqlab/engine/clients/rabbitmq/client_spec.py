"""A client in a scenario file: a script of calls by pika's names, each with its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.clients.rabbitmq.publish_spec import plain_properties, read_properties
from mqlab.engine.message import NO_PROPERTIES, Properties
from mqlab.engine.scenario.error import nearest
from mqlab.engine.scenario.place import Fields, Place, ms
from mqlab.engine.scenario.program import ProgramSpec, There
from mqlab.engine.scenario.text import IN_BRACES, braced, read_key, template

SHORT_MAX = 65_535  # an unsigned short, as a prefetch is
LONG_MAX = 2**32 - 1
OF_DELIVERY = ("reply_to", "correlation_id")
"""What of the delivery that a call names may stand in its texts."""

Read = Callable[[Place], Any]
Argument = tuple[Read, Any]
"""How an argument is read, and its default (NEEDED: it has none)."""
NEEDED = object()


def _text(place: Place) -> str:
    return place.text()


def _template(place: Place) -> str:
    """A name, or what the named delivery says in its place."""
    text = place.text()
    for word in IN_BRACES.findall(text):
        if word in OF_DELIVERY:
            continue
        near = braced(nearest(word, OF_DELIVERY))
        raise place.error("no placeholders but {reply_to} and {correlation_id}", "{" + word[:40] + "}", near)
    return text


def _key_or_queue(place: Place) -> str | None:
    return None if place.absent else _template(place)


def _table(place: Place) -> dict[str, Any]:
    table = {} if place.absent else place.plain()
    if not isinstance(table, dict):
        raise place.error("arguments by name")
    return table


def _no_or_yes(default: bool) -> Argument:
    return (Place.truth, default)


def _whole(most: int) -> Argument:
    return (lambda place: place.integer(0, most), 0)


NO, YES = _no_or_yes(False), _no_or_yes(True)
TABLE: Argument = (_table, {})
QUEUE: Argument = (_template, NEEDED)
NAMED: Argument = (_text, NEEDED)
ROUTED: Argument = (_template, "")
_BINDS_QUEUE = {"queue": QUEUE, "exchange": NAMED, "routing_key": (_key_or_queue, None), "arguments": TABLE}
_BINDS_EXCHANGE = {"destination": NAMED, "source": NAMED, "routing_key": ROUTED, "arguments": TABLE}
CALLS: dict[str, dict[str, Argument]] = {
    "exchange_declare": {
        "exchange": NAMED, "exchange_type": (_text, "direct"), "passive": NO, "durable": NO, "auto_delete": NO, "internal": NO,
        "arguments": TABLE,
    },
    "exchange_delete": {"exchange": NAMED, "if_unused": NO},
    "exchange_bind": _BINDS_EXCHANGE,
    "exchange_unbind": _BINDS_EXCHANGE,
    "queue_declare": {
        "queue": QUEUE, "passive": NO, "durable": NO, "exclusive": NO, "auto_delete": NO, "arguments": TABLE,
    },
    "queue_bind": _BINDS_QUEUE,
    "queue_unbind": _BINDS_QUEUE,
    "queue_purge": {"queue": QUEUE},
    "queue_delete": {"queue": QUEUE, "if_unused": NO, "if_empty": NO},
    "basic_qos": {"prefetch_size": _whole(LONG_MAX), "prefetch_count": _whole(SHORT_MAX), "global_qos": NO},
    "basic_consume": {"queue": QUEUE, "auto_ack": NO, "exclusive": NO, "consumer_tag": (_text, ""), "arguments": TABLE},
    "basic_cancel": {"consumer_tag": NAMED},
    "basic_get": {"queue": QUEUE, "auto_ack": NO},
    "basic_publish": {
        "exchange": NAMED, "routing_key": ROUTED, "key": (read_key, ""), "body": (_text, ""), "mandatory": NO, "immediate": NO,
    },
    "basic_ack": {"multiple": NO},
    "basic_nack": {"multiple": NO, "requeue": YES},
    "basic_reject": {"requeue": YES},
    "basic_recover": {"requeue": YES},
    "confirm_delivery": {},
    "flow": {"active": (Place.truth, NEEDED)},
    "tx_select": {},
    "tx_commit": {},
    "tx_rollback": {},
    "close": {},
}  # fmt: skip
SETTLES = ("basic_ack", "basic_nack", "basic_reject")
DECLARES = {"queue_declare": "queue", "exchange_declare": "exchange"}


class Call(msgspec.Struct, frozen=True):
    """One call, `at_us` after the client's start. `delivery`: of which delivery it is, counted from 1 as they came; 0: of all;
    None: of none. `arguments`: all of them, by pika's names."""

    at_us: int
    call: str
    channel: int = 1
    delivery: int | None = None
    arguments: dict[str, Any] = {}
    properties: Properties = NO_PROPERTIES

    @property
    def said(self) -> dict[str, Any]:
        """The arguments that are not left at their defaults, nor empty."""
        known = CALLS[self.call]
        given = self.arguments.items()
        return {name: value for name, value in given if value != known[name][1] and value != ""}

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        made: dict[str, Any] = {"at_ms": ms(self.at_us), "call": self.call, "channel": self.channel}
        if self.delivery is not None:
            made["delivery"] = self.delivery
        given = {name: self.arguments[name] for name in CALLS[self.call]}
        made |= {name: value for name, value in given.items() if (name, value) != ("key", "")}
        return made | (plain_properties(self.properties) if self.call == "basic_publish" else {})


class ClientSpec(ProgramSpec, frozen=True):
    """`script`: its calls, in their order."""

    kind: ClassVar[str] = "client"
    script: tuple[Call, ...]
    reconnect_us: int = 1_000_000

    @property
    def named(self) -> frozenset[int]:
        """The deliveries that its script names."""
        return frozenset(call.delivery for call in self.script if call.delivery is not None)

    @property
    def publishes(self) -> bool:
        """Whether messages are named after it."""
        return any(call.call == "basic_publish" for call in self.script)

    def feeds(self, broker: Any) -> list[str]:
        """The exchanges that it publishes to, of those that are there, as nodes of the picture."""
        published = (call.arguments["exchange"] for call in self.script if call.call == "basic_publish")
        return [broker.node_of(name) for name in dict.fromkeys(published) if name in broker.exchanges]

    def declares(self, what: str) -> list[str]:
        """The names that it may give to queues, or to exchanges."""
        return list(
            dict.fromkeys(
                call.arguments[what]
                for call in self.script
                if DECLARES.get(call.call) == what and call.arguments[what] and not call.arguments["passive"]
            )
        )

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "broker": self.broker,
            "script": [call.plain() for call in self.script],
            "reconnect_ms": ms(self.reconnect_us),
        }


def read_client(place: Place, name: str, there: There) -> ClientSpec:
    """From its place in a scenario file. What its calls name need not be there: the broker answers that. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "script", "reconnect_ms")
    calls: list[Call] = []
    for one in fields.need("script").items(limits.SCRIPT_CALLS_MAX, "a list of calls"):
        call = _call(one, name)
        if calls and call.at_us < calls[-1].at_us:
            raise one.entries(99)["at_ms"].error("a time not before that of the call above it")
        calls.append(call)
    if not calls:
        raise fields.need("script").error("a list of calls")
    return ClientSpec(
        fields.need("broker").text(),
        tuple(calls),
        fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
    )


def _call(place: Place, name: str) -> Call:
    entries = place.entries(99, "a call")
    if "call" not in entries:
        raise place.error("the field call", "none")
    call = entries["call"].choice(CALLS)
    known = CALLS[call]
    more = ("headers", "properties") if call == "basic_publish" else ()
    of_delivery = call in SETTLES or any(read in (_template, _key_or_queue) for read, _ in known.values())
    fields = place.fields("at_ms", "call", "channel", *(("delivery",) if of_delivery else ()), *known, *more)
    arguments = {
        argument: _argument(fields, argument, read, default) for argument, (read, default) in known.items()
    }
    properties = NO_PROPERTIES
    if call == "basic_publish":
        if "body" in fields:
            template(fields.need("body"), limits.BODY_BYTES_MAX, name=name, keyed=bool(arguments["key"]))
        properties = read_properties(fields, NO_PROPERTIES)
    return Call(
        fields.need("at_ms").us(),
        call,
        fields.get("channel", lambda one: one.integer(1, limits.CHANNELS_MAX), 1),
        _delivery(fields, call, arguments, properties),
        arguments,
        properties,
    )


def _argument(fields: Fields, name: str, read: Read, default: Any) -> Any:
    if default is NEEDED:
        return read(fields.need(name))
    if name == "body":
        return fields.get(name, lambda one: one.text(limits.BODY_BYTES_MAX), default)
    return fields.get(name, read, default)


def _delivery(fields: Fields, call: str, arguments: dict[str, Any], properties: Properties) -> int | None:
    """The delivery that is meant; all of them only by those who settle many."""
    texts = [value for name, value in arguments.items() if isinstance(value, str) and name != "body"]
    filled = any(
        f"{{{word}}}" in text for text in [*texts, properties.correlation_id or ""] for word in OF_DELIVERY
    )
    if call in SETTLES or filled:
        least = 0 if arguments.get("multiple") else 1
        return fields.need("delivery").integer(least, limits.RECORDING_EVENTS_MAX)
    if "delivery" in fields:
        raise fields.need("delivery").error(
            "{reply_to} or {correlation_id} in a call that names a delivery", "none"
        )
    return None
