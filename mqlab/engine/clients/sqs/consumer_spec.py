"""A consumer of SQS in a scenario file: how it receives, when it deletes, and what it does with what fails."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine.brokers.sqs import check
from mqlab.engine.scenario.place import Place, ms
from mqlab.engine.scenario.program import There
from mqlab.engine.scenario.service import WORK, WorkSpec, read_work

DELETE = ("after", "batch", "before", "never")
THEN = ("leave", "release", "delete")
PAUSE_US = 100_000
PAUSE_MS_MAX = 600_000


class ReceiveSpec(msgspec.Struct, frozen=True):
    """ReceiveMessage's parameters; None: as the queue says. `pause_us`: after an empty answer, before it asks again."""

    most: int = 1
    wait_s: int | None = None
    visibility_s: int | None = None
    pause_us: int = PAUSE_US

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "MaxNumberOfMessages": self.most,
            "WaitTimeSeconds": self.wait_s,
            "VisibilityTimeout": self.visibility_s,
            "pause_ms": ms(self.pause_us),
        }


class HeartbeatSpec(msgspec.Struct, frozen=True):
    """While it works it hides what it has for `visibility_s` more, every so often."""

    every_us: int
    visibility_s: int


class ConsumerSpec(WorkSpec, frozen=True, kw_only=True):
    """`delete`: each message after its work, a receive's messages together after all (batch), each before its work, or never."""

    kind: ClassVar[str] = "consumer"
    queue: str
    receive: ReceiveSpec = ReceiveSpec()
    delete: str = DELETE[0]
    heartbeat: HeartbeatSpec | None = None

    def uses(self) -> list[str]:
        """Its queue."""
        return [self.queue]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        work, heartbeat = WorkSpec.plain(self), self.heartbeat
        return {
            "kind": self.kind,
            "broker": self.broker,
            "queue": self.queue,
            "replicas": work["replicas"],
            "receive": self.receive.plain(),
            "delete": self.delete,
            "heartbeat": None
            if heartbeat is None
            else {"every_ms": ms(heartbeat.every_us), "VisibilityTimeout": heartbeat.visibility_s},
            "service": work["service"],
            "fail": work["fail"],
            "reconnect_ms": work["reconnect_ms"],
            "start_ms": work["start_ms"],
        }


def read_consumer(place: Place, name: str, there: There) -> ConsumerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "queue", "receive", "delete", "heartbeat", *WORK)
    return ConsumerSpec(
        broker=fields.need("broker").text(),
        queue=fields.need("queue").known(there.consume_from, "a queue"),
        receive=fields.get("receive", read_receive, ReceiveSpec()),
        delete=fields.get("delete", lambda one: one.choice(DELETE), DELETE[0]),
        heartbeat=fields.maybe("heartbeat", _heartbeat, None),
        **read_work(fields, THEN),
    )


def read_receive(place: Place) -> ReceiveSpec:
    """How it asks. Raises ScenarioError."""
    fields = place.fields("MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout", "pause_ms")
    return ReceiveSpec(
        fields.get("MaxNumberOfMessages", lambda one: one.integer(1, check.RECEIVE_MAX), 1),
        fields.maybe("WaitTimeSeconds", lambda one: one.integer(0, check.WAIT_S_MAX), None),
        fields.maybe("VisibilityTimeout", lambda one: one.integer(0, check.VISIBILITY_S_MAX), None),
        fields.get("pause_ms", lambda one: one.us(1, PAUSE_MS_MAX), PAUSE_US),
    )


def _heartbeat(place: Place) -> HeartbeatSpec:
    fields = place.fields("every_ms", "VisibilityTimeout")
    return HeartbeatSpec(
        fields.need("every_ms").us(1), fields.need("VisibilityTimeout").integer(1, check.VISIBILITY_S_MAX)
    )
