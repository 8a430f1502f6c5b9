"""What of a program may be changed while it runs: the settings of its file, read by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from mqlab.engine import commands as c
from mqlab.engine.scenario.client import ClientSpec, read_client
from mqlab.engine.scenario.consumer import ConsumerSpec, read_consumer
from mqlab.engine.scenario.error import ScenarioError, listed, nearest, shown
from mqlab.engine.scenario.links import TRAVEL_MS_MAX
from mqlab.engine.scenario.place import Place, plain_place
from mqlab.engine.scenario.producer import ProducerSpec, read_producer

LATENCY = "latency_ms"
"""Of a program's line to its broker: in a file under `links`, in a running lab a setting of the program."""
CHANGEABLE = {
    "producer": ("rate", "publish", "confirms", "stop_ms", "count", "reconnect_ms", LATENCY),
    "consumer": ("prefetch", "ack", "service", "fail", "priority", "reconnect_ms", LATENCY),
    "client": ("reconnect_ms", LATENCY),
}
PUBLISH = ("exchange", "routing_key", "keys", "body", "headers", "properties", "mandatory")
"""What `publish` may change: all of it."""


@overload
def change(
    spec: ProducerSpec, settings: dict[str, Any], name: str = "", exchanges: Sequence[str] | None = None
) -> ProducerSpec: ...
@overload
def change(
    spec: ConsumerSpec, settings: dict[str, Any], name: str = "", exchanges: Sequence[str] | None = None
) -> ConsumerSpec: ...
@overload
def change(
    spec: ClientSpec, settings: dict[str, Any], name: str = "", exchanges: Sequence[str] | None = None
) -> ClientSpec: ...
def change(
    spec: ProducerSpec | ConsumerSpec | ClientSpec,
    settings: dict[str, Any],
    name: str = "",
    exchanges: Sequence[str] | None = None,
) -> ProducerSpec | ConsumerSpec | ClientSpec:
    """The spec with these settings instead, as a scenario file has them; `publish` changes what it names. `exchanges`: what
    may be published to, beside where it is published to now; None: any, as long as nobody knows what there will be.

    Raises commands.Illegal: unknown_setting, or bad_value with the sentence that a scenario file would get.
    """
    known = CHANGEABLE[spec.kind]
    for field in settings:
        _known(field, known, name)
    plain = spec.plain()
    latency_us(settings, name)
    for field, value in settings.items():
        if field == LATENCY:
            continue
        if field == "publish" and isinstance(value, dict):
            for inner in value:
                _known(inner, PUBLISH, name)
            plain["publish"] = {**plain["publish"], **value}
        else:
            plain[field] = value
    try:
        place = plain_place(plain, name)
        if isinstance(spec, ConsumerSpec):
            return read_consumer(place, name, list(spec.queues))
        if isinstance(spec, ClientSpec):
            return read_client(place, name)
        told = str(plain["publish"].get("exchange")) if isinstance(plain["publish"], dict) else ""
        return read_producer(
            place, name, [spec.publish.exchange, *([told] if exchanges is None else exchanges)]
        )
    except ScenarioError as error:
        raise c.Illegal("bad_value", str(error)) from error


def latency_us(settings: dict[str, Any], name: str = "") -> int | None:
    """The latency among these settings (µs one way), or None. Raises commands.Illegal."""
    if LATENCY not in settings:
        return None
    try:
        return plain_place(settings[LATENCY], f"{name}.{LATENCY}" if name else LATENCY).us(0, TRAVEL_MS_MAX)
    except ScenarioError as error:
        raise c.Illegal("bad_value", str(error)) from error


def _known(field: str, known: tuple[str, ...], name: str) -> None:
    if field not in known:
        near = nearest(field, known)
        hint = f" Did you mean {near}?" if near else ""
        why = f"{name or 'A program'}: {shown(field)} cannot be changed; {listed(known)} can.{hint}"
        raise c.Illegal("unknown_setting", why)


def check_change(command: c.AnyCommand, place: Place, specs: dict[str, Any]) -> None:
    """Raises ScenarioError where a first act changes what cannot be changed."""
    if not isinstance(command, c.Change):
        return
    try:
        change(specs[command.node], command.settings, command.node)
    except c.Illegal as illegal:
        raise place.error("settings that can be changed", f"this: {illegal.why.rstrip('.')}") from None
