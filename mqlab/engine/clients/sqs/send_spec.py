"""What a producer sends to SQS: queue, body, and SendMessage's own parameters, as templates."""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.sqs import check
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.errors import SqsError
from mqlab.engine.scenario.place import Place
from mqlab.engine.scenario.text import read_keys, template

PARAMETERS = ("MessageGroupId", "MessageDeduplicationId", "DelaySeconds", "MessageAttributes")
ID_BYTES_MAX = 128
DELAY_S_MAX = 900
NEGATIVE_S = -900
"""So far below 0 a delay may be written, to see it refused."""


class SendSpec(msgspec.Struct, frozen=True):
    """Where to and what. `keys` are drawn from. Ids are templates; delay_s None: as the queue says."""

    queue: str
    keys: tuple[str, ...] = ()
    body: str = ""
    group: str = ""
    dedup: str = ""
    delay_s: int | None = None
    attributes: dict[str, m.Value] | None = None

    def parameters(self) -> dict[str, Any]:
        """SendMessage's parameters as the file has them, with every default."""
        return {
            "MessageGroupId": self.group,
            "MessageDeduplicationId": self.dedup,
            "DelaySeconds": self.delay_s,
            "MessageAttributes": plain_attributes(self.attributes),
        }


def plain_attributes(attributes: dict[str, m.Value] | None) -> dict[str, Any]:
    """Message attributes as the file has them."""
    return {
        name: {"DataType": one.type, "StringValue": one.value} for name, one in (attributes or {}).items()
    }


def read_send(place: Place, queues: list[str], name: str, *, scripted: bool) -> SendSpec:
    """From `send` of the producer `name`. Raises ScenarioError."""
    fields = place.fields("queue", "keys", "body", *PARAMETERS)
    none: tuple[str, ...] = ()
    keys = fields.get("keys", read_keys, none)
    more: dict[str, Any] = {"name": name, "keyed": bool(keys) or scripted}
    return SendSpec(
        fields.need("queue").known(queues, "a queue"),
        keys,
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), "{n}"),
        fields.get("MessageGroupId", lambda one: template(one, ID_BYTES_MAX, **more), ""),
        fields.get("MessageDeduplicationId", lambda one: template(one, ID_BYTES_MAX, **more), ""),
        fields.maybe("DelaySeconds", read_delay, None),
        fields.maybe("MessageAttributes", read_attributes, None),
    )


def read_delay(place: Place) -> int:
    """Seconds; more or less than SQS takes may be written, to see it refused."""
    return place.integer(NEGATIVE_S, 2 * DELAY_S_MAX)


def read_attributes(place: Place) -> dict[str, m.Value] | None:
    """Message attributes with DataType and StringValue. Raises ScenarioError for what SQS would not take."""
    found: dict[str, m.Value] = {}
    for name, one in place.named(check.ATTRIBUTES_MAX).items():
        fields = one.fields("DataType", "StringValue")
        found[name] = m.Value(
            fields.get("DataType", Place.text, "String"),
            fields.need("StringValue").text(limits.BODY_BYTES_MAX),
        )
        try:
            check.attributes({name: found[name]})
        except SqsError as error:
            raise one.error(f"what SQS takes ({error.text.rstrip('.')})") from None
    return found or None
