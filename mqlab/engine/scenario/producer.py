"""A producer in a scenario file: what it publishes, and how often."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.message import Properties
from mqlab.engine.scenario.message import (
    PublishSpec,
    plain_properties,
    read_key,
    read_properties,
    read_publish,
    template,
)
from mqlab.engine.scenario.place import Fields, Place, ms

RATE_PER_S_MIN = 0.001


class BurstSpec(msgspec.Struct, frozen=True):
    """So many messages at once, every so often (µs)."""

    count: int
    every_us: int


class ScriptItem(msgspec.Struct, frozen=True):
    """One message of a script, `at_us` after the producer's start. What is None is as `publish` has it."""

    at_us: int
    key: str | None = None
    routing_key: str | None = None
    body: str | None = None
    properties: Properties | None = None
    mandatory: bool | None = None


class AgainSpec(msgspec.Struct, frozen=True):
    """The producer's own message of this number (from 1) is sent again so long after it was sent (µs)."""

    message: int
    after_us: int = 0


class RateSpec(msgspec.Struct, frozen=True):
    """Exactly one of four."""

    constant: float | None = None
    poisson: float | None = None
    burst: BurstSpec | None = None
    script: tuple[ScriptItem, ...] = ()

    @property
    def per_s(self) -> float:
        """Messages a second where one gap can be scaled to another; 0 for bursts and scripts."""
        return self.constant or self.poisson or 0.0

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        if self.burst is not None:
            return {"burst": {"count": self.burst.count, "every_ms": ms(self.burst.every_us)}}
        if self.script:
            return {"script": [_plain_item(item) for item in self.script]}
        return {"poisson": self.poisson} if self.constant is None else {"constant": self.constant}


class ProducerSpec(msgspec.Struct, frozen=True):
    """Times in µs after the lab's beginning. `stop_us` 0: it goes on; `count` 0: as many as it can."""

    kind: ClassVar[str] = "producer"
    broker: str
    publish: PublishSpec
    rate: RateSpec
    confirms: bool = False
    start_us: int = 0
    stop_us: int = 0
    count: int = 0
    reconnect_us: int = 1_000_000
    again: tuple[AgainSpec, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        publish = self.publish
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
            "rate": self.rate.plain(),
            "confirms": self.confirms,
            "start_ms": ms(self.start_us),
            "stop_ms": ms(self.stop_us) or None,
            "count": self.count or None,
            "reconnect_ms": ms(self.reconnect_us),
            "again": [{"message": one.message, "after_ms": ms(one.after_us)} for one in self.again],
        }


def read_producer(place: Place, name: str, exchanges: list[str]) -> ProducerSpec:
    """From its place in a scenario file; `exchanges`: what it may publish to. Raises ScenarioError."""
    fields = place.fields(
        "kind",
        "broker",
        "publish",
        "rate",
        "confirms",
        "start_ms",
        "stop_ms",
        "count",
        "reconnect_ms",
        "again",
    )
    scripted = "rate" in fields and "script" in fields.need("rate").entries(4)
    publish = read_publish(fields.need("publish"), exchanges, name, scripted=scripted)
    start_us = fields.get("start_ms", Place.us, 0)
    stop_us = fields.maybe("stop_ms", lambda one: one.us(0.001), 0)
    if stop_us and stop_us <= start_us:
        raise fields.need("stop_ms").error("a time after start_ms, or null")
    return ProducerSpec(
        fields.need("broker").text(),
        publish,
        read_rate(fields.need("rate"), name, publish),
        fields.truth("confirms", False),
        start_us,
        stop_us,
        fields.maybe("count", lambda one: one.integer(1, limits.RECORDING_EVENTS_MAX), 0),
        fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
        fields.get("again", read_again, ()),
    )


def read_again(place: Place) -> tuple[AgainSpec, ...]:
    """The messages that are sent twice, each once. Raises ScenarioError."""
    found: dict[int, AgainSpec] = {}
    for one in place.items(limits.AGAIN_MAX, "a list of messages to send again"):
        fields = one.fields("message", "after_ms")
        number = fields.need("message").integer(1, limits.RECORDING_EVENTS_MAX)
        if number in found:
            raise fields.need("message").error("each message once")
        found[number] = AgainSpec(number, fields.get("after_ms", Place.us, 0))
    return tuple(found.values())


def read_rate(place: Place, name: str, publish: PublishSpec) -> RateSpec:
    """One of constant, poisson, burst and script."""
    kinds = ("constant", "poisson", "burst", "script")
    kind, one = place.fields(*kinds).one("constant, poisson, burst and script")
    match kind:
        case "constant":
            return RateSpec(constant=_per_s(one))
        case "poisson":
            return RateSpec(poisson=_per_s(one))
        case "burst":
            return RateSpec(burst=_burst(one))
        case _:
            return RateSpec(script=_script(one, name, publish))


def _per_s(place: Place) -> float:
    value = place.number(0, limits.RATE_PER_S_MAX)
    if 0 < value < RATE_PER_S_MIN:
        raise place.error(f"0 or a number from {RATE_PER_S_MIN} to {limits.RATE_PER_S_MAX:,} (a second)")
    return value


def _burst(place: Place) -> BurstSpec:
    fields = place.fields("count", "every_ms")
    burst = BurstSpec(
        fields.need("count").integer(1, limits.BURST_MESSAGES_MAX), fields.need("every_ms").us(1)
    )  # fmt: skip
    if burst.count * 1_000_000 > limits.RATE_PER_S_MAX * burst.every_us:
        came = f"{burst.count:,} every {ms(burst.every_us)} ms"
        raise place.error(f"at most {limits.RATE_PER_S_MAX:,} messages a second", came)
    return burst


def _script(place: Place, name: str, publish: PublishSpec) -> tuple[ScriptItem, ...]:
    items: list[ScriptItem] = []
    for one in place.items(limits.SCRIPT_MESSAGES_MAX, "a list of messages"):
        fields = one.fields("at_ms", "key", "routing_key", "body", "headers", "properties", "mandatory")
        at_us = fields.need("at_ms").us()
        if items and at_us < items[-1].at_us:
            raise fields.need("at_ms").error("a time not before that of the message above it")
        items.append(_item(fields, at_us, name, publish))
    if not items:
        raise place.error("a list of messages")
    return tuple(items)


def _item(fields: Fields, at_us: int, name: str, publish: PublishSpec) -> ScriptItem:
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


def _plain_item(item: ScriptItem) -> dict[str, Any]:
    names = ("key", "routing_key", "body", "mandatory")
    said: dict[str, Any] = {"at_ms": ms(item.at_us)} | {name: getattr(item, name) for name in names}
    if item.properties is not None:
        said |= plain_properties(item.properties)
    return {name: value for name, value in said.items() if value is not None}
