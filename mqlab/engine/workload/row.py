"""What came of a workload on one system: counts, and for each the event that decided it."""

from __future__ import annotations

import msgspec

from mqlab.engine.sentences import Sentence

VERDICTS = ("lost", "duplicated", "out_of_order")
"""Those that count against a system, as the verdicts are named."""


class Moment(msgspec.Struct, frozen=True):
    """An event that decided something: its kind and name, after how many actions of which instant, about which message."""

    kind: str
    name: str
    t: int
    i: int
    message: str
    said: Sentence
    """What happened, in the broker's words."""
    because: Sentence = ()
    """What it came from, where that was something else."""
    since: int = 0
    """When that was (µs); 0: no moment of its own."""
    rule: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A count or a time (µs), and the moment that decided it: of a count the first; None: there was none."""

    value: int
    moment: Moment | None = None


class Row(msgspec.Struct, frozen=True):
    """`messages`: how many were published, each once; `handled`: at least once, well. `cells`: by lost, duplicated,
    out_of_order, waiting (neither handled nor lost when the time was over), p50, p99, requests. `stopped`: why time stopped
    early, at `end_us`; "": it did not. `requests`: by their names; `dollars`: what they cost, None where nobody charges."""

    system: str
    messages: int
    handled: int
    cells: dict[str, Cell]
    end_us: int
    requests: dict[str, int] = {}
    dollars: float | None = None
    stopped: str = ""
    events: int = 0

    @property
    def waiting(self) -> int:
        """How many messages were neither handled nor lost when the time was over."""
        return self.cells["waiting"].value

    def count(self, what: str) -> int:
        """The value of a cell; of a time that there is not, -1."""
        cell = self.cells.get(what)
        return -1 if cell is None else cell.value
