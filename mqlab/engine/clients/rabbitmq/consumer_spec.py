"""A consumer of RabbitMQ in a scenario file: what it consumes, when it acks, and what it does with what fails."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.place import Place
from mqlab.engine.scenario.program import There
from mqlab.engine.scenario.service import FAIL_WHEN, WORK, WorkSpec, read_work
from mqlab.engine.scenario.text import template

ACK = ("after", "before", "auto")
THEN = ("reject", "nack_requeue", "reject_requeue")
PREFETCH_MAX = 65_535  # an unsigned short in basic.qos
INT32 = 2**31


class AnswerSpec(msgspec.Struct, frozen=True):
    """What it sends to a message's reply_to when it has done with it, through the default exchange, with its correlation id."""

    body: str = ""
    mandatory: bool = False


class ConsumerSpec(WorkSpec, frozen=True, kw_only=True):
    """What it consumes, and when it acks. `prefetch` 0: unlimited."""

    kind: ClassVar[str] = "consumer"
    queues: tuple[str, ...]
    prefetch: int = 0
    ack: str = ACK[0]
    priority: int = 0
    answer: AnswerSpec | None = None

    @property
    def publishes(self) -> bool:
        """Whether messages are named after its programs."""
        return self.answer is not None

    @property
    def said(self) -> str:
        """What its programs are, in words."""
        return "a consumer that answers" if self.publishes else "a consumer"

    def uses(self) -> list[str]:
        """Its queues."""
        return list(self.queues)

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        work = WorkSpec.plain(self)
        return {
            "kind": self.kind,
            "broker": self.broker,
            **({"queue": self.queues[0]} if len(self.queues) == 1 else {"queues": list(self.queues)}),
            "replicas": work["replicas"],
            "prefetch": self.prefetch,
            "ack": self.ack,
            "service": work["service"],
            "fail": work["fail"],
            "answer": msgspec.structs.asdict(self.answer) if self.answer else None,
            "priority": self.priority,
            "reconnect_ms": work["reconnect_ms"],
            "start_ms": work["start_ms"],
        }


def read_consumer(place: Place, name: str, there: There) -> ConsumerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "queue", "queues", "prefetch", "ack", "answer", "priority", *WORK)
    queues = list(there.consume_from)
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
        broker=fields.need("broker").text(),
        queues=tuple(chosen),
        prefetch=fields.get("prefetch", lambda one: one.integer(0, PREFETCH_MAX), 0),
        ack=fields.get("ack", lambda one: one.choice(ACK), ACK[0]),
        priority=fields.get("priority", lambda one: one.integer(-INT32, INT32 - 1), 0),
        answer=fields.maybe("answer", lambda one: _answer(one, name), None),
        **read_work(fields, THEN, (*FAIL_WHEN, "routing_key", "header")),
    )


def _answer(place: Place, name: str) -> AnswerSpec:
    fields = place.fields("body", "mandatory")
    longest = f"{name}-{limits.REPLICAS_MAX}"  # the name of one of several
    return AnswerSpec(
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, name=longest, keyed=True), ""),
        fields.truth("mandatory", False),
    )
