"""A producer of SQS in a scenario file: what it sends, one by one or in batches, and how often."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.sqs import check
from mqlab.engine.clients.sqs.send_spec import ID_BYTES_MAX, SendSpec, read_delay, read_send
from mqlab.engine.scenario.pace import PACE, PaceSpec, read_pace, scripted
from mqlab.engine.scenario.place import Place, ms
from mqlab.engine.scenario.program import There
from mqlab.engine.scenario.text import read_key, template

LINGER_US = 1_000_000


class ScriptItem(msgspec.Struct, frozen=True):
    """One message of a script, `at_us` after the producer's start. What is None is as `send` has it."""

    at_us: int
    key: str | None = None
    body: str | None = None
    group: str | None = None
    dedup: str | None = None
    delay_s: int | None = None

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        said = {
            "at_ms": ms(self.at_us),
            "key": self.key,
            "body": self.body,
            "MessageGroupId": self.group,
            "MessageDeduplicationId": self.dedup,
            "DelaySeconds": self.delay_s,
        }
        return {name: value for name, value in said.items() if value is not None}


class ProducerSpec(PaceSpec, frozen=True, kw_only=True):
    """What it sends at its pace. `batch`: so many go together in one request; of fewer it waits `linger_us` for more."""

    kind: ClassVar[str] = "producer"
    send: SendSpec
    batch: int = 1
    linger_us: int = LINGER_US

    def uses(self) -> list[str]:
        """The queue."""
        return [self.send.queue]

    def feeds(self, broker: Any) -> list[str]:
        """The queue, as a node of the picture."""
        return [self.send.queue]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        send, pace = self.send, PaceSpec.plain(self)
        return {
            "kind": self.kind,
            "broker": self.broker,
            "send": {"queue": send.queue, "keys": list(send.keys), "body": send.body, **send.parameters()},
            "rate": pace.pop("rate"),
            "batch": self.batch,
            "linger_ms": ms(self.linger_us),
            **pace,
        }


def read_producer(place: Place, name: str, there: There) -> ProducerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "send", "batch", "linger_ms", *PACE)
    send = read_send(fields.need("send"), list(there.publish_to), name, scripted=scripted(fields))
    return ProducerSpec(
        broker=fields.need("broker").text(),
        send=send,
        batch=fields.get("batch", lambda one: one.integer(1, check.BATCH_MAX), 1),
        linger_us=fields.get("linger_ms", Place.us, LINGER_US),
        **read_pace(fields, lambda one, at_us: _item(one, at_us, name)),
    )


def _item(place: Place, at_us: int, name: str) -> ScriptItem:
    fields = place.fields("at_ms", "key", "body", "MessageGroupId", "MessageDeduplicationId", "DelaySeconds")
    more: dict[str, Any] = {"name": name, "keyed": True}
    return ScriptItem(
        at_us,
        fields.get("key", read_key, None),
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), None),
        fields.get("MessageGroupId", lambda one: template(one, ID_BYTES_MAX, **more), None),
        fields.get("MessageDeduplicationId", lambda one: template(one, ID_BYTES_MAX, **more), None),
        fields.get("DelaySeconds", read_delay, None),
    )
