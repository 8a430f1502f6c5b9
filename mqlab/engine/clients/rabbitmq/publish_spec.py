"""What a producer publishes to RabbitMQ: exchange, keys, and templates for routing key and body."""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.message import NO_PROPERTIES, Properties, Timestamp
from mqlab.engine.scenario.place import Fields, Place
from mqlab.engine.scenario.text import read_keys, template

PROPERTIES = tuple(name for name in Properties.__struct_fields__ if name != "headers")
NUMBERS = {"delivery_mode": (1, 2), "priority": (0, 255), "timestamp": (0, 2**40)}


class PublishSpec(msgspec.Struct, frozen=True):
    """Where to and what. `keys` are drawn from; `properties` carry the headers too."""

    exchange: str
    routing_key: str = ""
    keys: tuple[str, ...] = ()
    body: str = ""
    properties: Properties = NO_PROPERTIES
    mandatory: bool = False


def read_publish(place: Place, exchanges: list[str], name: str, *, scripted: bool) -> PublishSpec:
    """From `publish` of the producer `name`. Raises ScenarioError."""
    fields = place.fields("exchange", "routing_key", "keys", "body", "headers", "properties", "mandatory")
    exchange = fields.need("exchange").known(exchanges, "an exchange")
    none: tuple[str, ...] = ()
    keys = fields.get("keys", read_keys, none)
    more: dict[str, Any] = {"name": name, "keyed": bool(keys) or scripted}
    return PublishSpec(
        exchange,
        fields.get("routing_key", lambda one: template(one, limits.NAME_BYTES_MAX, **more), ""),
        keys,
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), ""),
        read_properties(fields, NO_PROPERTIES),
        fields.truth("mandatory", False),
    )


def read_properties(fields: Fields, base: Properties) -> Properties:
    """`properties` and `headers` of a publish or a script's item, laid over `base`. Raises ScenarioError."""
    if "headers" not in fields and "properties" not in fields:
        return base
    found = {name: getattr(base, name) for name in Properties.__struct_fields__}
    if "properties" in fields:
        found |= dict.fromkeys(PROPERTIES) | _properties(fields.need("properties"))
    if "headers" in fields:
        found["headers"] = _headers(fields.need("headers"))
    return Properties(**found)


def _properties(place: Place) -> dict[str, Any]:
    fields = place.fields(*PROPERTIES)
    found: dict[str, Any] = {}
    for name in PROPERTIES:
        if name not in fields:
            continue
        one = fields.need(name)
        if name not in NUMBERS:
            found[name] = one.text()
        elif name == "timestamp":
            found[name] = Timestamp(one.integer(*NUMBERS[name]))
        else:
            found[name] = one.integer(*NUMBERS[name])
    return found


def _headers(place: Place) -> dict[str, Any] | None:
    if place.absent:
        return None
    headers = place.plain()
    if not isinstance(headers, dict):
        raise place.error("headers by name")
    return headers or None


def plain_properties(properties: Properties) -> dict[str, Any]:
    """As the file has them: `headers` and `properties`."""
    said = {name: value for name in PROPERTIES if (value := getattr(properties, name)) is not None}
    if "timestamp" in said:
        said["timestamp"] = int(said["timestamp"])
    return {"headers": properties.headers or {}, "properties": said}
