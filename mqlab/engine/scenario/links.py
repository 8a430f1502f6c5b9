"""How long things travel in a lab."""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.error import listed, nearest
from mqlab.engine.scenario.place import Place, ms

LATENCY_US = 60_000
EXCHANGE_US = 20_000
TRAVEL_MS_MAX = 60_000
DEFAULT = "default"


class Links(msgspec.Struct, frozen=True):
    """µs one way: program to broker (`programs`: some of their own), and exchange to queue."""

    latency_us: int = LATENCY_US
    exchange_us: int = EXCHANGE_US
    programs: dict[str, int] = {}

    def of(self, name: str, role: str = "") -> int:
        """The latency of a program: its own, else its role's, else the default."""
        programs = self.programs
        return programs.get(name, programs.get(role, self.latency_us))

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        default = {"latency_ms": ms(self.latency_us), "exchange_ms": ms(self.exchange_us)}
        return {DEFAULT: default} | {name: {"latency_ms": ms(us)} for name, us in self.programs.items()}


def read_links(place: Place, programs: list[str]) -> Links:
    """From `links`; `programs`: all names that have a line to a broker. Raises ScenarioError."""
    latency_us, exchange_us, own = LATENCY_US, EXCHANGE_US, {}
    for name, one in place.entries(limits.NODES_MAX).items():
        if name == DEFAULT:
            fields = one.fields("latency_ms", "exchange_ms")
            latency_us = fields.get("latency_ms", _travel, LATENCY_US)
            exchange_us = fields.get("exchange_ms", _travel, EXCHANGE_US)
        elif name in programs:
            own[name] = one.fields("latency_ms").need("latency_ms").us(0, TRAVEL_MS_MAX)
        else:
            near = nearest(name, [DEFAULT, *programs])
            raise place.key(name).error(f"{DEFAULT} or a program: {listed(programs)}", near=near)
    return Links(latency_us, exchange_us, own)


def _travel(place: Place) -> int:
    return place.us(0, TRAVEL_MS_MAX)
