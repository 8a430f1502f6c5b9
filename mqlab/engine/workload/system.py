"""A system: one way of using a broker, which a workload can run on. Found by looking into the brokers' folders."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import msgspec

from mqlab.engine import events as e
from mqlab.engine import limits
from mqlab.engine.commands import AnyCommand
from mqlab.engine.recording import Stored
from mqlab.engine.scenario.write import write as yaml
from mqlab.engine.workload.failure import AnyFailure
from mqlab.engine.workload.parts import Timed, mishaps
from mqlab.engine.workload.workload import Workload


class Charge(msgspec.Struct, frozen=True):
    """What its owner asks for requests. `source`: where the price stands, and `date`: the month in which it was read."""

    dollars_per_million: float
    source: str
    date: str


class System(ABC):
    """The base of all. A subclass says what is asked in `mqlab.engine.workload`'s docstring; `order` puts it in its column."""

    id: ClassVar[str]
    title: ClassVar[str]
    promise: ClassVar[str]
    order: ClassVar[int] = 100
    charge: ClassVar[Charge | None] = None
    requests: ClassVar[tuple[type[e.Event], ...]] = ()
    """The kinds of events that may be a request for which its owner charges."""

    @abstractmethod
    def parts(self, workload: Workload) -> dict[str, Any]:
        """`brokers` and `programs`, as a scenario file has them."""

    @abstractmethod
    def restart(self) -> list[AnyCommand]:
        """What "the broker restarts" is in this system's terms; none where its users never see such a thing."""

    def request(self, event: Any) -> str:
        """The name of the request that this event is, in its owner's terms (`ReceiveMessage`); "": it is none. One event is one
        request, of however many copies it tells."""
        return ""

    def counterpart(self, failure: AnyFailure) -> str:
        """A sentence where this mishap is something else here than elsewhere, or nothing."""
        return ""

    def commands(self, workload: Workload) -> Timed:
        """The mishaps as commands with their moments (virtual µs)."""
        return mishaps(workload, self.restart)


@cache
def systems() -> tuple[System, ...]:
    """All there are, as they are shown: every folder of mqlab.engine.brokers with a workload.py brings its own."""
    folders = sorted(
        one.name for one in files("mqlab.engine.brokers").iterdir() if (one / "workload.py").is_file()
    )
    found: list[System] = []
    for name in folders:
        found += importlib.import_module(f"mqlab.engine.brokers.{name}.workload").SYSTEMS
    return tuple(sorted(found, key=lambda one: (one.order, one.id)))


def system(id: str) -> System | None:
    """The one of this id, or None."""
    return next((one for one in systems() if one.id == id), None)


def lab_text(system: System, workload: Workload) -> str:
    """The scenario file of this workload on this system."""
    latency = {"latency_ms": workload.latency_us / 1_000, "exchange_ms": 0}
    return yaml({
        "format": 1,
        "title": f"{system.title}: {workload.messages:,} messages",
        "summary": "",
        "about": f"A workload that runs on every broker of the page that compares; here it runs on {system.title}.",
        "seed": workload.seed,
        "gallery": False,
        **system.parts(workload),
        "links": {"default": latency},
    })  # fmt: skip


def stored(system: System, workload: Workload) -> list[Stored]:
    """The mishaps as a recording keeps its commands: each on the one before it. Those after the end of time are left out."""
    made: list[Stored] = []
    timed = sorted(enumerate(system.commands(workload)), key=lambda one: (one[1][0], one[0]))
    for n, (_, (t, command)) in enumerate(timed):
        if t >= min(workload.end_us, limits.RECORDING_S_MAX * 1_000_000):
            break
        again = made[-1].i + 1 if made and made[-1].t == t else 0
        made.append(Stored(f"mishap-{n + 1}", made[-1].id if made else "0", t, again, command))
    return made
