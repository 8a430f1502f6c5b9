"""The table of a comparison: a row for each system, a cell for each verdict with the event that decided it. Made of what the
engine says; nothing here judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from django.urls import reverse

from mqlab.engine.message import message_of
from mqlab.engine.sentences import text_of
from mqlab.engine.workload import System, Workload, stored, system, write
from mqlab.engine.workload.questions import Question
from mqlab.engine.workload.row import Moment, Row
from mqlab.lab.marked import Part, marked

SECOND = 1_000_000
COLUMNS = {
    "lost": "Lost",
    "duplicated": "Handled twice",
    "out_of_order": "Out of order per key",
    "waiting": "Not finished",
    "p50": "Half within",
    "p99": "99 % within",
    "requests": "Requests and their cost",
}
COUNTED = ("lost", "duplicated", "out_of_order", "waiting")
TIMES = ("p50", "p99")


@dataclass(frozen=True, slots=True)
class CellShown:
    """A cell of the table. `href`: the lab at the moment that decided it; `says`: what happened there."""

    name: str
    text: str
    href: str = ""
    says: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class RowShown:
    """One system's line of the table, and what stands beside it. `right`: whether what one said of it came true."""

    id: str
    title: str
    promise: tuple[Part, ...]
    href: str
    cells: tuple[CellShown, ...]
    handled: str
    stopped: str
    holds: bool = False
    guessed: bool = False

    @property
    def right(self) -> bool:
        """Whether one said of it what is so."""
        return self.holds == self.guessed


def shown(
    rows: Iterable[Row], workload: Workload, asked: Question | None, guess: Iterable[str]
) -> list[RowShown]:
    """The table's lines."""
    guessed = set(guess)
    made = []
    for row in rows:
        one = system(row.system)
        assert one is not None
        made.append(
            RowShown(
                one.id,
                one.title,
                marked(one.promise),
                lab_href(one, workload),
                tuple(_cell(name, row, one, workload) for name in COLUMNS),
                f"{row.handled:,} of {row.messages:,}",
                row.stopped and f"Time stopped at {row.end_us / SECOND:.1f} s: {row.stopped}",
                asked is not None and asked.holds(row),
                one.id in guessed,
            )
        )
    return made


def lab_href(one: System, workload: Workload, moment: Moment | None = None) -> str:
    """The lab of this workload on a system; at a moment, with its message."""
    text = write(workload)
    address = reverse("lab:compared", args=[one.id]) + (f"?{text}" if text else "")
    if moment is None:
        return address
    acts = stored(one, workload)
    future = acts[-1].id if acts else "0"
    return f"{address}#{urlencode({'t': moment.t / SECOND, 'm': message_of(moment.message), 'f': future})}"


def _cell(name: str, row: Row, one: System, workload: Workload) -> CellShown:
    cell = row.cells.get(name)
    if cell is None:
        return CellShown(name, cost(row) if name == "requests" else "none handled")
    moment = _seen_at_the_end(row, cell.moment) if name == "waiting" else cell.moment
    text = took(cell.value) if name in TIMES else cost(row) if name == "requests" else f"{cell.value:,}"
    href = lab_href(one, workload, moment) if moment else ""
    return CellShown(
        name, text, href, text_of(moment.said) if moment else "", name in COUNTED and cell.value > 0
    )


def _seen_at_the_end(row: Row, moment: Moment | None) -> Moment | None:
    """What is not finished is looked at when the time is over: there the lab says where it is, and why."""
    return moment and msgspec.structs.replace(moment, t=row.end_us)


def took(us: int) -> str:
    """A time, in the unit that suits it."""
    if us < 1_000:
        return f"{us} µs"
    return f"{us / 1_000:,.0f} ms" if us < SECOND else f"{us / SECOND:.2f} s"


def cost(row: Row) -> str:
    """Requests in money: as they are, and for a million messages."""
    if row.dollars is None:
        return "no charge per request"
    asked = sum(row.requests.values())
    each = f", ${row.dollars / row.handled * 1_000_000:,.2f} for a million messages" if row.handled else ""
    return f"{asked:,}: ${row.dollars:.7f}{each}"
