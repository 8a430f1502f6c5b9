"""A consumer in a scenario file: what it consumes, how long it takes, when it acks, and how it fails."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.message import read_key, template
from mqlab.engine.scenario.place import Place, ms

ACK = ("after", "before", "auto")
THEN = ("reject", "nack_requeue", "reject_requeue")
PREFETCH_MAX = 65_535  # an unsigned short in basic.qos
INT32 = 2**31
SERVICE_US = 200_000


class ServiceSpec(msgspec.Struct, frozen=True):
    """How long a message takes (µs): exponential if not 0, else uniform if given, else constant."""

    constant_us: int = 0
    exponential_us: int = 0
    uniform_us: tuple[int, int] | None = None

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        if self.exponential_us:
            return {"exponential_ms": ms(self.exponential_us)}
        if self.uniform_us is not None:
            return {"uniform_ms": [ms(bound) for bound in self.uniform_us]}
        return {"constant_ms": ms(self.constant_us)}


class FailWhen(msgspec.Struct, frozen=True):
    """Which messages may fail: all that is given must hold. `header`: the name of one that is there; `messages`: their names."""

    key: str | None = None
    routing_key: str | None = None
    header: str | None = None
    redelivered: bool | None = None
    attempt_at_most: int | None = None
    messages: tuple[str, ...] | None = None


class FailSpec(msgspec.Struct, frozen=True):
    """How often handling fails, which messages (None: any), and what the consumer does then."""

    chance: float = 1.0
    when: FailWhen | None = None
    then: str = THEN[0]

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        given = msgspec.structs.asdict(self.when or FailWhen())
        when = {name: value for name, value in given.items() if value is not None}
        return {"chance": self.chance, "when": when, "then": self.then}


class AnswerSpec(msgspec.Struct, frozen=True):
    """What it sends to a message's reply_to when it has done with it, through the default exchange, with its correlation id."""

    body: str = ""
    mandatory: bool = False


class ConsumerSpec(msgspec.Struct, frozen=True):
    """`replicas` programs of this role; `prefetch` 0: unlimited; `start_us` None: not before somebody starts it."""

    kind: ClassVar[str] = "consumer"
    broker: str
    queues: tuple[str, ...]
    replicas: int = 1
    prefetch: int = 0
    ack: str = ACK[0]
    service: ServiceSpec = ServiceSpec(SERVICE_US)
    fail: FailSpec | None = None
    priority: int = 0
    reconnect_us: int = 1_000_000
    start_us: int | None = 0
    answer: AnswerSpec | None = None

    @property
    def publishes(self) -> bool:
        """Whether messages are named after its programs."""
        return self.answer is not None

    def names(self, role: str) -> list[str]:
        """The names of its programs: the role's own for one, numbered from 1 for several."""
        return [role] if self.replicas == 1 else [f"{role}-{n}" for n in range(1, self.replicas + 1)]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "broker": self.broker,
            **({"queue": self.queues[0]} if len(self.queues) == 1 else {"queues": list(self.queues)}),
            "replicas": self.replicas,
            "prefetch": self.prefetch,
            "ack": self.ack,
            "service": self.service.plain(),
            "fail": self.fail.plain() if self.fail else None,
            "answer": msgspec.structs.asdict(self.answer) if self.answer else None,
            "priority": self.priority,
            "reconnect_ms": ms(self.reconnect_us),
            "start_ms": None if self.start_us is None else ms(self.start_us),
        }


def read_consumer(place: Place, name: str, queues: list[str]) -> ConsumerSpec:
    """From its place in a scenario file; `queues`: what it may consume from. Raises ScenarioError."""
    fields = place.fields(
        "kind", "broker", "queue", "queues", "replicas", "prefetch", "ack", "service", "fail", "answer", "priority",
        "reconnect_ms", "start_ms",
    )  # fmt: skip
    at_once: int | None = 0
    if ("queue" in fields) == ("queues" in fields):
        both = "both" if "queue" in fields else "none"
        raise place.error("exactly one of the fields queue and queues", both)
    if "queue" in fields:
        chosen = [fields.need("queue").known(queues, "a queue")]
    else:
        places = fields.need("queues").items(limits.NODES_MAX, "a list of queues")
        chosen = [one.known(queues, "a queue") for one in places]
        for index, one in enumerate(places):
            if chosen.index(chosen[index]) < index:
                raise one.error("each queue once")
        if not chosen:
            raise fields.need("queues").error("a list of queues")
    return ConsumerSpec(
        fields.need("broker").text(),
        tuple(chosen),
        fields.get("replicas", lambda one: one.integer(1, limits.REPLICAS_MAX), 1),
        fields.get("prefetch", lambda one: one.integer(0, PREFETCH_MAX), 0),
        fields.get("ack", lambda one: one.choice(ACK), ACK[0]),
        fields.get("service", _service, ServiceSpec(SERVICE_US)),
        fields.maybe("fail", _fail, None),
        fields.get("priority", lambda one: one.integer(-INT32, INT32 - 1), 0),
        fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
        fields.get("start_ms", _start, at_once),
        fields.maybe("answer", lambda one: _answer(one, name), None),
    )


def _answer(place: Place, name: str) -> AnswerSpec:
    fields = place.fields("body", "mandatory")
    longest = f"{name}-{limits.REPLICAS_MAX}"  # the name of one of several
    return AnswerSpec(
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, name=longest, keyed=True), ""),
        fields.truth("mandatory", False),
    )


def _start(place: Place) -> int | None:
    return None if place.absent else place.us()


def _service(place: Place) -> ServiceSpec:
    names = ("constant_ms", "exponential_ms", "uniform_ms")
    kind, one = place.fields(*names).one("constant_ms, exponential_ms and uniform_ms")
    if kind == "constant_ms":
        return ServiceSpec(one.us())
    if kind == "exponential_ms":
        return ServiceSpec(exponential_us=one.us(0.001))
    pair = one.items(2, "the shortest and the longest time")
    if len(pair) != 2:
        raise one.error("the shortest and the longest time")
    low, high = pair[0].us(), pair[1].us()
    if high < low:
        raise pair[1].error("the longest time, not below the shortest")
    return ServiceSpec(uniform_us=(low, high))


def _fail(place: Place) -> FailSpec:
    fields = place.fields("chance", "when", "then")
    return FailSpec(
        float(fields.get("chance", lambda one: one.number(0, 1), 1.0)),
        fields.get("when", _when, None),
        fields.get("then", lambda one: one.choice(THEN), THEN[0]),
    )


def _messages(place: Place) -> tuple[str, ...]:
    found = tuple(one.name() for one in place.items(limits.FAIL_MESSAGES_MAX, "a list of messages"))
    if not found:
        raise place.error("a list of messages, such as [web-17]")
    return found


def _when(place: Place) -> FailWhen | None:
    fields = place.fields("key", "routing_key", "header", "redelivered", "attempt_at_most", "messages")
    when = FailWhen(
        fields.get("key", read_key, None),
        fields.get("routing_key", Place.text, None),
        fields.get("header", Place.name, None),
        fields.get("redelivered", Place.truth, None),
        fields.get("attempt_at_most", lambda one: one.integer(1, 1_000_000), None),
        fields.get("messages", _messages, None),
    )
    return None if when == FailWhen() else when
