"""What of a program may be changed while it runs: the settings of its file, read by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.kinds import kinds
from mqlab.engine.scenario.error import ScenarioError, listed, nearest, shown
from mqlab.engine.scenario.links import TRAVEL_MS_MAX
from mqlab.engine.scenario.place import Place, plain_place

if TYPE_CHECKING:
    from mqlab.engine.scenario.program import ProgramSpec, There

LATENCY = "latency_ms"
"""Of a program's line to its broker: in a file under `links`, in a running lab a setting of the program."""


def changeable(broker_kind: str, program: str) -> tuple[str, ...]:
    """The settings of such a program that may change while it runs."""
    return (*kinds()[broker_kind].programs[program].changeable, LATENCY)


def change(spec: ProgramSpec, settings: dict[str, Any], name: str, there: Any) -> ProgramSpec:
    """The spec with these settings instead, as a scenario file has them; a setting with fields of its own (`publish`) changes
    what it names. `there`: the broker's part of a file, or the running broker.

    Raises commands.Illegal: unknown_setting, or bad_value with the sentence that a scenario file would get.
    """
    kind = kinds()[there.kind].programs[spec.kind]
    known = changeable(there.kind, spec.kind)
    for field in settings:
        _known(field, known, name)
    plain = spec.plain()
    latency_us(settings, name)
    for field, value in settings.items():
        if field == LATENCY:
            continue
        if field in kind.parts and isinstance(value, dict):
            for inner in value:
                _known(inner, kind.parts[field], name)
            plain[field] = {**plain[field], **value}
        else:
            plain[field] = value
    try:
        return kind.read(plain_place(plain, name), name, Also(there, spec))
    except ScenarioError as error:
        raise c.Illegal("bad_value", str(error)) from error


class Also:
    """What there is at a broker, and beside it all that a running program uses already, though it may be gone by now."""

    def __init__(self, there: There, spec: Any) -> None:
        self.there, self.spec = there, spec
        self.publish_to = [*there.publish_to, *spec.uses()]
        self.consume_from = [*there.consume_from, *spec.uses()]


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


def check_change(command: c.AnyCommand, place: Place, specs: dict[str, Any], brokers: dict[str, Any]) -> None:
    """Raises ScenarioError where a first act changes what cannot be changed."""
    if not isinstance(command, c.Change):
        return
    spec = specs[command.node]
    try:
        change(spec, command.settings, command.node, brokers[spec.broker])
    except c.Illegal as illegal:
        raise place.error("settings that can be changed", f"this: {illegal.why.rstrip('.')}") from None
