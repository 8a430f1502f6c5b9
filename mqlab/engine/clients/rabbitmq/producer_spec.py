"""A producer of RabbitMQ in a scenario file: what it publishes, and how often."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.clients.rabbitmq.publish_spec import (
    PublishSpec,
    plain_properties,
    read_properties,
    read_publish,
)
from mqlab.engine.message import Properties
from mqlab.engine.scenario.pace import PACE, PaceSpec, read_pace, scripted
from mqlab.engine.scenario.place import Place, ms
from mqlab.engine.scenario.program import There
from mqlab.engine.scenario.text import read_key, template


class ScriptItem(msgspec.Struct, frozen=True):
    """One message of a script, `at_us` after the producer's start. What is None is as `publish` has it."""

    at_us: int
    key: str | None = None
    routing_key: str | None = None
    body: str | None = None
    properties: Properties | None = None
    mandatory: bool | None = None

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        names = ("key", "routing_key", "body", "mandatory")
        said: dict[str, Any] = {"at_ms": ms(self.at_us)} | {name: getattr(self, name) for name in names}
        if self.properties is not None:
            said |= plain_properties(self.properties)
        return {name: value for name, value in said.items() if value is not None}


class ProducerSpec(PaceSpec, frozen=True, kw_only=True):
    """What it publishes at its pace. `confirms`: it asks for publisher confirms."""

    kind: ClassVar[str] = "producer"
    publish: PublishSpec
    confirms: bool = False

    def uses(self) -> list[str]:
        """The exchange."""
        return [self.publish.exchange]

    def feeds(self, broker: Any) -> list[str]:
        """The exchange, as a node of the picture."""
        return [broker.node_of(self.publish.exchange)]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        publish, pace = self.publish, PaceSpec.plain(self)
        return {
            "kind": self.kind,
            "broker": self.broker,
            "publish": {
                "exchange": publish.exchange,
                "routing_key": publish.routing_key,
                "keys": list(publish.keys),
                "body": publish.body,
                **plain_properties(publish.properties),
                "mandatory": publish.mandatory,
            },
            "rate": pace.pop("rate"),
            "confirms": self.confirms,
            **pace,
        }


def read_producer(place: Place, name: str, there: There) -> ProducerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "publish", "confirms", *PACE)
    publish = read_publish(fields.need("publish"), list(there.publish_to), name, scripted=scripted(fields))
    return ProducerSpec(
        broker=fields.need("broker").text(),
        publish=publish,
        confirms=fields.truth("confirms", False),
        **read_pace(fields, lambda one, at_us: _item(one, at_us, name, publish)),
    )


def _item(place: Place, at_us: int, name: str, publish: PublishSpec) -> ScriptItem:
    fields = place.fields("at_ms", "key", "routing_key", "body", "headers", "properties", "mandatory")
    more: dict[str, Any] = {"name": name, "keyed": True}
    own = "headers" in fields or "properties" in fields
    return ScriptItem(
        at_us,
        fields.get("key", read_key, None),
        fields.get("routing_key", lambda one: template(one, limits.NAME_BYTES_MAX, **more), None),
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), None),
        read_properties(fields, publish.properties) if own else None,
        fields.get("mandatory", Place.truth, None),
    )
