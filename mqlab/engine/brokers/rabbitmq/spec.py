"""RabbitMQ in a scenario file: exchanges, queues and bindings in RabbitMQ's own terms."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq import headers
from mqlab.engine.brokers.rabbitmq.exchange import TYPES
from mqlab.engine.brokers.rabbitmq.queue_arguments import PRIORITY_MAX
from mqlab.engine.brokers.rabbitmq.topic import validate_pattern
from mqlab.engine.scenario.error import listed, nearest
from mqlab.engine.scenario.place import Fields, Place, ms

VERSIONS = ("4.3", "4.0", "3.10")
PREDECLARED = {
    "amq.direct": "direct",
    "amq.fanout": "fanout",
    "amq.headers": "headers",
    "amq.match": "headers",
    "amq.topic": "topic",
}
OVERFLOW = ("drop-head", "reject-publish", "reject-publish-dlx")
LENGTH_MAX = 2**31 - 1
CLUSTER_NODES_MAX = 3
MINIMUM = ("message-ttl", "max-length", "max-length-bytes", "delivery-limit", "expires")
OF_QUEUES = (*MINIMUM, "overflow", "dead-letter-exchange", "dead-letter-routing-key")
POLICY_KEYS = (*OF_QUEUES, "alternate-exchange")
APPLY_TO = ("all", "queues", "exchanges")
OF_ONE_KIND = ("classic_queues", "quorum_queues")
"""Since 3.12 a policy may be for one kind of queue alone."""
CONSUMER_TIMEOUT_US = 1_800_000_000


class ExchangeSpec(msgspec.Struct, frozen=True):
    """An exchange. `arguments`: alternate-exchange."""

    type: str
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] = {}


class QueueSpec(msgspec.Struct, frozen=True):
    """A queue. `arguments` have their real names and types."""

    durable: bool = True
    exclusive: bool = False
    auto_delete: bool = False
    arguments: dict[str, Any] = {}


class BindingSpec(msgspec.Struct, frozen=True):
    """A binding; the destination is a queue or an exchange."""

    source: str
    destination: str
    routing_key: str = ""
    arguments: dict[str, Any] = {}


class PolicySpec(msgspec.Struct, frozen=True):
    """A policy. `definition`: keys as rabbitmqctl set_policy takes them."""

    pattern: str
    definition: dict[str, Any]
    priority: int = 0
    apply_to: str = "all"


class RabbitmqSpec(msgspec.Struct, frozen=True):
    """One RabbitMQ. Times in µs: how long it is down when it is restarted; how long it waits for an ack, 0: for ever."""

    kind: ClassVar[str] = "rabbitmq"
    version: str = VERSIONS[0]
    nodes: int = 1
    restart_us: int = 1_000_000
    consumer_timeout_us: int = CONSUMER_TIMEOUT_US
    exchanges: dict[str, ExchangeSpec] = {}
    queues: dict[str, QueueSpec] = {}
    bindings: tuple[BindingSpec, ...] = ()
    policies: dict[str, PolicySpec] = {}

    @property
    def publish_to(self) -> list[str]:
        """What a producer may publish to; "" is the default exchange."""
        own = [name for name, exchange in self.exchanges.items() if not exchange.internal]
        return [*own, "", *PREDECLARED]

    def named(self) -> dict[str, str]:
        """All that has a name there, and what it is, as people say it."""
        exchanges = dict.fromkeys([*self.exchanges, *PREDECLARED], "an exchange")
        return exchanges | dict.fromkeys(self.queues, "a queue")

    @property
    def consume_from(self) -> list[str]:
        """What a consumer may consume from."""
        return list(self.queues)

    @property
    def node_names(self) -> list[str]:
        """Its nodes of the picture, besides itself."""
        return [*self.exchanges, *self.queues]

    def members(self, name: str) -> list[str]:
        """Its own nodes, where it has several: no node of the picture, but names that are taken."""
        return [f"{name}-{n + 1}" for n in range(self.nodes)] if self.nodes > 1 else []

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        del fields["restart_us"], fields["consumer_timeout_us"]
        topology = {name: fields.pop(name) for name in ("exchanges", "queues", "bindings", "policies")}
        times = {"restart_ms": ms(self.restart_us), "consumer_timeout_ms": ms(self.consumer_timeout_us)}
        return {"kind": self.kind, **fields, **times, **topology}


Spec = RabbitmqSpec


def read(place: Place) -> RabbitmqSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields(
        "kind",
        "version",
        "nodes",
        "restart_ms",
        "consumer_timeout_ms",
        "exchanges",
        "queues",
        "bindings",
        "policies",
    )
    version = fields.get("version", lambda one: one.choice(VERSIONS), VERSIONS[0])
    nodes = fields.get("nodes", lambda one: one.integer(1, CLUSTER_NODES_MAX), 1)
    restart_us = fields.get("restart_ms", lambda one: one.us(1), 1_000_000)
    consumer_timeout_us = fields.get("consumer_timeout_ms", Place.us, CONSUMER_TIMEOUT_US)
    exchanges: dict[str, ExchangeSpec] = {}
    queues: dict[str, QueueSpec] = {}
    bindings: list[BindingSpec] = []
    if "exchanges" in fields:
        places = fields.need("exchanges").named(limits.NODES_MAX)
        for name, one in places.items():
            _not_reserved(fields.need("exchanges").key(name), name)
            exchanges[name] = read_exchange(one, [*places, *PREDECLARED])
    if "queues" in fields:
        places = fields.need("queues").named(limits.NODES_MAX)
        for name, one in places.items():
            key = fields.need("queues").key(name)
            _not_reserved(key, name)
            if name in exchanges:
                raise key.error("a name that nothing else has", f"that of the exchange {name}")
            queues[name] = read_queue(one, [*exchanges, "", *PREDECLARED], version)
    if "bindings" in fields:
        types = {**{name: exchange.type for name, exchange in exchanges.items()}, **PREDECLARED}
        for one in fields.need("bindings").items(limits.BINDINGS_MAX, "a list of bindings"):
            bindings.append(read_binding(one, types, [*queues, *exchanges], version))
    policies: dict[str, PolicySpec] = {}
    if "policies" in fields:
        for name, one in fields.need("policies").entries(limits.POLICIES_MAX, "policies by name").items():
            policies[name] = read_policy(one, version)
    return RabbitmqSpec(
        version, nodes, restart_us, consumer_timeout_us, exchanges, queues, tuple(bindings), policies
    )


def _not_reserved(key: Place, name: str) -> None:
    if name.startswith("amq."):
        raise key.error("a name that does not begin with amq. (RabbitMQ keeps those for itself)")


def read_exchange(place: Place, exchanges: list[str]) -> ExchangeSpec:
    """One exchange; `exchanges`: what there is to be its alternate. Raises ScenarioError."""
    fields = place.fields("type", "durable", "auto_delete", "internal", "arguments")
    kind = fields.need("type").choice(TYPES)
    arguments: dict[str, Any] = {}
    if "arguments" in fields:
        given = fields.need("arguments").fields("alternate-exchange")
        if "alternate-exchange" in given:
            arguments["alternate-exchange"] = given.need("alternate-exchange").known(exchanges, "an exchange")
    return ExchangeSpec(
        kind,
        fields.truth("durable", True),
        fields.truth("auto_delete", False),
        fields.truth("internal", False),
        arguments,
    )


QUEUE_ARGUMENTS = (
    "x-queue-type",
    "x-message-ttl",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-delivery-limit",
    "x-max-priority",
    "x-single-active-consumer",
    "x-expires",
    "x-consumer-timeout",
    "x-dead-letter-strategy",
    "x-delayed-retry-type",
    "x-delayed-retry-min",
    "x-delayed-retry-max",
)


QUORUM_ONLY = (
    "x-delivery-limit",
    "x-dead-letter-strategy",
    "x-delayed-retry-type",
    "x-delayed-retry-min",
    "x-delayed-retry-max",
)


def read_queue(place: Place, exchanges: list[str], version: str) -> QueueSpec:
    """One queue; `exchanges`: where its dead letters may go. Raises ScenarioError."""
    fields = place.fields("durable", "exclusive", "auto_delete", "arguments")
    spec = QueueSpec(
        fields.truth("durable", True),
        fields.truth("exclusive", False),
        fields.truth("auto_delete", False),
        _queue_arguments(fields.need("arguments"), exchanges) if "arguments" in fields else {},
    )
    if spec.exclusive:
        raise fields.need("exclusive").error("false (the queues of a lab belong to no program's connection)")
    if spec.arguments.get("x-queue-type") == "quorum":
        if "x-max-priority" in spec.arguments and version != "4.3":
            raise fields.need("arguments").error("no x-max-priority beside x-queue-type: quorum")
        for name, needed in (("durable", True), ("auto_delete", False)):
            if getattr(spec, name) is not needed:
                raise fields.need(name).error(
                    f"{'true' if needed else 'false'} (a quorum queue cannot be otherwise)"
                )
    for name in QUORUM_ONLY if spec.arguments.get("x-queue-type") != "quorum" else ():
        if name in spec.arguments:
            raise fields.need("arguments").error(f"x-queue-type: quorum beside {name}", "none")
    if version == "4.3" and not spec.durable:
        raise fields.need("durable").error("true (4.3 refuses transient queues)")
    return spec


def _queue_arguments(place: Place, exchanges: list[str]) -> dict[str, Any]:
    fields = place.fields(*QUEUE_ARGUMENTS)
    arguments: dict[str, Any] = {}
    for name, one in place.entries(len(QUEUE_ARGUMENTS)).items():
        match name:
            case "x-queue-type":
                arguments[name] = one.choice(("classic", "quorum"))
            case "x-message-ttl":
                arguments[name] = one.integer(0, limits.DURATION_MS_MAX)
            case "x-max-length" | "x-max-length-bytes":
                arguments[name] = one.integer(0, LENGTH_MAX)
            case "x-single-active-consumer":
                arguments[name] = one.truth()
            case "x-dead-letter-strategy":
                arguments[name] = one.choice(("at-most-once", "at-least-once"))
            case "x-delayed-retry-type":
                arguments[name] = one.choice(("disabled", "all", "failed", "returned"))
            case "x-delayed-retry-min" | "x-delayed-retry-max":
                arguments[name] = one.integer(0, limits.DURATION_MS_MAX)
            case "x-expires" | "x-consumer-timeout":
                arguments[name] = one.integer(1, limits.DURATION_MS_MAX)
            case "x-max-priority":
                arguments[name] = one.integer(0, PRIORITY_MAX)
            case "x-delivery-limit":
                arguments[name] = one.integer(-1, LENGTH_MAX)
            case "x-overflow":
                arguments[name] = one.choice(OVERFLOW)
            case "x-dead-letter-exchange":
                arguments[name] = one.known(exchanges, "an exchange")
            case _:
                arguments[name] = one.text()
    if "x-dead-letter-routing-key" in arguments and "x-dead-letter-exchange" not in arguments:
        raise fields.need("x-dead-letter-routing-key").error("x-dead-letter-exchange beside it", "none")
    return arguments


def read_policy(place: Place, version: str) -> PolicySpec:
    """One policy. Raises ScenarioError."""
    fields = place.fields("pattern", "definition", "priority", "apply_to")
    pattern = fields.need("pattern")
    if (wrong := _wrong_pattern(pattern.text())) is not None:
        raise pattern.error(wrong)
    definition = fields.need("definition")
    kinds = APPLY_TO if version == "3.10" else (*APPLY_TO, *OF_ONE_KIND)
    return PolicySpec(
        pattern.text(),
        _definition(definition),
        fields.get("priority", lambda one: one.integer(-(2**31), 2**31 - 1), 0),
        fields.get("apply_to", lambda one: one.choice(kinds), "all"),
    )


def _wrong_pattern(pattern: str) -> str | None:
    """What should be there instead of a pattern that is no regular expression, or that could take long on some name."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"a regular expression ({error})"
    bare = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "x", pattern)  # escapes and classes stand for one character
    bare = re.sub(r"\(\?(?:[:=!]|<[=!])", "(", bare)
    if "(?" in bare or re.search(r"\\[1-9]", pattern):
        return "a pattern without flags, named groups and back references"
    if re.search(r"\)[*+?{]", bare) or len(re.findall(r"[*+?{]", bare)) > limits.PATTERN_REPEATS_MAX:
        return f"a pattern with at most {limits.PATTERN_REPEATS_MAX} of * + ? {{}}, and none of them after a group"
    return None


def _definition(place: Place) -> dict[str, Any]:
    place.fields(*POLICY_KEYS)
    definition: dict[str, Any] = {}
    for name, one in place.entries(len(POLICY_KEYS)).items():
        match name:
            case "message-ttl":
                definition[name] = one.integer(0, limits.DURATION_MS_MAX)
            case "expires":
                definition[name] = one.integer(1, limits.DURATION_MS_MAX)
            case "max-length" | "max-length-bytes" | "delivery-limit":
                definition[name] = one.integer(0, LENGTH_MAX)
            case "overflow":
                definition[name] = one.choice(OVERFLOW)
            case _:
                definition[name] = one.text()
    if not definition:
        raise place.error(f"at least one of {listed(POLICY_KEYS)}")
    return definition


def read_binding(place: Place, types: dict[str, str], targets: list[str], version: str) -> BindingSpec:
    """One binding; `types`: the exchanges there are, `targets`: queues and exchanges. Raises ScenarioError."""
    fields = place.fields("source", "destination", "routing_key", "arguments")
    source = fields.need("source").known(types, "an exchange")
    destination = _destination(fields, targets)
    routing_key = fields.get("routing_key", Place.text, "")
    arguments: dict[str, Any] = fields.get("arguments", Place.plain, {})
    if not isinstance(arguments, dict):
        raise fields.need("arguments").error("arguments by name")
    if types[source] == "topic" and (wrong := validate_pattern(routing_key, version)) is not None:
        raise fields.need("routing_key").error("a key that RabbitMQ takes", f"its answer: {wrong}")
    if types[source] == "headers" and (wrong := headers.validate(arguments)) is not None:
        raise fields.need("arguments").error("arguments that RabbitMQ takes", f"its answer: {wrong}")
    return BindingSpec(source, destination, routing_key, arguments)


def _destination(fields: Fields, targets: list[str]) -> str:
    place = fields.need("destination")
    name = place.text(what="the name of a queue or an exchange")
    if name not in targets:
        raise place.error(f"a queue or an exchange: {listed(targets)}", near=nearest(name, targets))
    return name
