"""How programs work on what they get: how many there are, how long a message takes, which fail, from when they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.place import Fields, Place, ms
from mqlab.engine.scenario.program import ProgramSpec
from mqlab.engine.scenario.text import read_key

SERVICE_US = 200_000
WORK = ("replicas", "service", "fail", "reconnect_ms", "start_ms")
"""The fields that every program has that works on messages."""
FAIL_WHEN = ("key", "redelivered", "attempt_at_most", "messages")
"""What decides with every broker which messages fail."""


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
    then: str = ""

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        given = msgspec.structs.asdict(self.when or FailWhen())
        when = {name: value for name, value in given.items() if value is not None}
        return {"chance": self.chance, "when": when, "then": self.then}


class WorkSpec(ProgramSpec, frozen=True, kw_only=True):
    """Base of what works on messages. `replicas` programs of this role; times in µs; `start_us` None:
    not before somebody starts it."""

    replicas: int = 1
    service: ServiceSpec = ServiceSpec(SERVICE_US)
    fail: FailSpec | None = None
    reconnect_us: int = 1_000_000
    start_us: int | None = 0

    def names(self, role: str) -> list[str]:
        """The names of its programs: the role's own for one, numbered from 1 for several."""
        return [role] if self.replicas == 1 else [f"{role}-{n}" for n in range(1, self.replicas + 1)]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "replicas": self.replicas,
            "service": self.service.plain(),
            "fail": self.fail.plain() if self.fail else None,
            "reconnect_ms": ms(self.reconnect_us),
            "start_ms": None if self.start_us is None else ms(self.start_us),
        }


def read_work(fields: Fields, then: Sequence[str], when: Sequence[str] = FAIL_WHEN) -> dict[str, Any]:
    """The fields of WORK, as a WorkSpec takes them. `then`: what it may do with a message that fails, the first by default;
    `when`: what may decide which do. Raises ScenarioError."""
    at_once: int | None = 0
    return {
        "replicas": fields.get("replicas", lambda one: one.integer(1, limits.REPLICAS_MAX), 1),
        "service": fields.get("service", _service, ServiceSpec(SERVICE_US)),
        "fail": fields.maybe("fail", lambda one: _fail(one, then, when), None),
        "reconnect_us": fields.get("reconnect_ms", lambda one: one.us(1), 1_000_000),
        "start_us": fields.get("start_ms", _start, at_once),
    }


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


def _fail(place: Place, then: Sequence[str], when: Sequence[str]) -> FailSpec:
    fields = place.fields("chance", "when", "then")
    return FailSpec(
        float(fields.get("chance", lambda one: one.number(0, 1), 1.0)),
        fields.get("when", lambda one: _when(one, when), None),
        fields.get("then", lambda one: one.choice(then), then[0]),
    )


def _messages(place: Place) -> tuple[str, ...]:
    found = tuple(one.name() for one in place.items(limits.FAIL_MESSAGES_MAX, "a list of messages"))
    if not found:
        raise place.error("a list of messages, such as [web-17]")
    return found


def _when(place: Place, known: Sequence[str]) -> FailWhen | None:
    fields = place.fields(*known)
    when = FailWhen(
        fields.get("key", read_key, None),
        fields.get("routing_key", Place.text, None),
        fields.get("header", Place.name, None),
        fields.get("redelivered", Place.truth, None),
        fields.get("attempt_at_most", lambda one: one.integer(1, 1_000_000), None),
        fields.get("messages", _messages, None),
    )
    return None if when == FailWhen() else when
