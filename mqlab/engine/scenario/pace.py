"""How often a producer sends: at a rate, in bursts, or by a script; from when, until when, and how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.place import Fields, Place, ms
from mqlab.engine.scenario.program import ProgramSpec

RATE_PER_S_MIN = 0.001
PACE = ("rate", "start_ms", "stop_ms", "count", "reconnect_ms", "again")
"""The fields that every producer has."""

ReadItem = Callable[[Place, int], Any]
"""Reads an item of a script, whose time (µs) has been read."""


class BurstSpec(msgspec.Struct, frozen=True):
    """So many messages at once, every so often (µs)."""

    count: int
    every_us: int


class RateSpec(msgspec.Struct, frozen=True):
    """Exactly one of four. The items of a script have `at_us` (after the start), in order, and `plain()`."""

    constant: float | None = None
    poisson: float | None = None
    burst: BurstSpec | None = None
    script: tuple[Any, ...] = ()

    @property
    def per_s(self) -> float:
        """Messages a second where one gap can be scaled to another; 0 for bursts and scripts."""
        return self.constant or self.poisson or 0.0

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        if self.burst is not None:
            return {"burst": {"count": self.burst.count, "every_ms": ms(self.burst.every_us)}}
        if self.script:
            return {"script": [item.plain() for item in self.script]}
        return {"poisson": self.poisson} if self.constant is None else {"constant": self.constant}


class AgainSpec(msgspec.Struct, frozen=True):
    """The producer's own message of this number (from 1) is sent again so long after it was sent (µs)."""

    message: int
    after_us: int = 0


class PaceSpec(ProgramSpec, frozen=True, kw_only=True):
    """Base of what sends at a pace. Times in µs after the lab's beginning. `stop_us` 0: it goes on; `count` 0:
    as many as it can."""

    publishes: ClassVar[Any] = True
    rate: RateSpec
    start_us: int = 0
    stop_us: int = 0
    count: int = 0
    reconnect_us: int = 1_000_000
    again: tuple[AgainSpec, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "rate": self.rate.plain(),
            "start_ms": ms(self.start_us),
            "stop_ms": ms(self.stop_us) or None,
            "count": self.count or None,
            "reconnect_ms": ms(self.reconnect_us),
            "again": [{"message": one.message, "after_ms": ms(one.after_us)} for one in self.again],
        }


def read_pace(fields: Fields, read_item: ReadItem) -> dict[str, Any]:
    """The fields of PACE, as a PaceSpec takes them. Raises ScenarioError."""
    start_us = fields.get("start_ms", Place.us, 0)
    none: tuple[AgainSpec, ...] = ()
    stop_us = fields.maybe("stop_ms", lambda one: one.us(0.001), 0)
    if stop_us and stop_us <= start_us:
        raise fields.need("stop_ms").error("a time after start_ms, or null")
    return {
        "rate": read_rate(fields.need("rate"), read_item),
        "start_us": start_us,
        "stop_us": stop_us,
        "count": fields.maybe("count", lambda one: one.integer(1, limits.RECORDING_EVENTS_MAX), 0),
        "reconnect_us": fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
        "again": fields.get("again", _again, none),
    }


def _again(place: Place) -> tuple[AgainSpec, ...]:
    """The messages that are sent twice, each once."""
    found: dict[int, AgainSpec] = {}
    for one in place.items(limits.AGAIN_MAX, "a list of messages to send again"):
        fields = one.fields("message", "after_ms")
        number = fields.need("message").integer(1, limits.RECORDING_EVENTS_MAX)
        if number in found:
            raise fields.need("message").error("each message once")
        found[number] = AgainSpec(number, fields.get("after_ms", Place.us, 0))
    return tuple(found.values())


def scripted(fields: Fields) -> bool:
    """Whether its rate is a script, whose items bring keys of their own."""
    return "rate" in fields and "script" in fields.need("rate").entries(4)


def read_rate(place: Place, read_item: ReadItem) -> RateSpec:
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
            return RateSpec(script=_script(one, read_item))


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


def _script(place: Place, read_item: ReadItem) -> tuple[Any, ...]:
    items: list[Any] = []
    for one in place.items(limits.SCRIPT_MESSAGES_MAX, "a list of messages"):
        entries = one.entries(99, "a message")
        if "at_ms" not in entries:
            raise one.error("the field at_ms", "none")
        at_us = entries["at_ms"].us()
        if items and at_us < items[-1].at_us:
            raise entries["at_ms"].error("a time not before that of the message above it")
        items.append(read_item(one, at_us))
    if not items:
        raise place.error("a list of messages")
    return tuple(items)
